package dev.retort.nn.models;

import dev.retort.nn.Module;
import dev.retort.tensor.Tensor;
import java.util.List;

/// The blocks of a ResNet that work at one resolution, named `0`, `1`, …
public final class ResNetStage extends Module {
    private final List<BasicBlock> blocks;

    ResNetStage(List<BasicBlock> blocks) {
        this.blocks = List.copyOf(blocks);
        for (int i = 0; i < blocks.size(); i++) {
            child(String.valueOf(i), blocks.get(i));
        }
    }

    boolean readsHistory() {
        return blocks.stream().anyMatch(BasicBlock::readsHistory);
    }

    /// The stream after the stage; `history`, if kept, grows by one value a block.
    Tensor call(Tensor x, List<Tensor> history, boolean keep) {
        return run(in -> new Tensor[] {blocks(in[0], history, keep)}, x)[0];
    }

    private Tensor blocks(Tensor x, List<Tensor> history, boolean keep) {
        Tensor stream = x;
        for (BasicBlock block : blocks) {
            stream = block.call(stream, history);
            if (keep) {
                history.add(stream);
            }
        }
        return stream;
    }
}
