package dev.retort.nn.models;

import dev.retort.nn.residual.ResidualStream;
import java.util.List;

/// The blocks of a ResNet that work at one resolution, named `0`, `1`, …
public final class ResNetStage extends ResidualBlock {
    private final List<? extends ResidualBlock> blocks;

    ResNetStage(List<? extends ResidualBlock> blocks) {
        this.blocks = List.copyOf(blocks);
        for (int i = 0; i < blocks.size(); i++) {
            child(String.valueOf(i), blocks.get(i));
        }
    }

    @Override
    protected void pass(ResidualStream stream) {
        blocks.forEach(block -> block.call(stream));
    }
}
