package dev.retort.bench.reproduce.laurel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.bench.CommandLineRun;
import dev.retort.distill.TrainingListener;
import dev.retort.distill.TrainingStopped;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.transformer.Llama;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LaurelTest {
    @TempDir
    private Path folder;

    private static LanguageTask language(int steps) {
        CharText text = CharText.of("abc", "the cat sat on the mat; ".repeat(60));
        return new LanguageTask(text, new LanguageTask.Sizes(2, 16, 2, 12, 4, steps, 1e-2), List.of("plain"));
    }

    private static VisionTask vision() {
        Rng rng = new Rng(3);
        TensorDataset data = new TensorDataset(
                Random.uniform(rng, 0, 1, DType.F32, 48, 1, 8, 8),
                Tensor.of(new Rng(1).permutation(48))
                        .remainder(Tensor.of(new int[] {3}))
                        .to(DType.I64));
        Pictures pictures = Pictures.of(data, 40, new Normalize(new float[] {0.5f}, new float[] {0.3f}));
        return new VisionTask(
                pictures,
                pictures,
                "noise",
                3,
                new VisionTask.Sizes(8, List.of(4, 4, 8), 8, 30, 0.05),
                List.of("plain", Task.DEEPER, "laurel-rw+lr:rank=2"));
    }

    /// Ends a training at a step: asks it to stop, or dies.
    private record Interruption(long at, boolean kill) implements TrainingListener {
        @Override
        public boolean stopRequested() {
            return false;
        }

        @Override
        public void step(long step, int samples, double loss) {
            if (kill && step == at) {
                throw new OutOfMemoryError("killed");
            }
        }
    }

    @Test
    void aKilledTrainingGoesOnWithTheSameBits() throws IOException {
        VisionTask task = vision();
        CifarResNet whole = task.create("laurel-rw+lr:rank=2", 1);
        task.training(whole, 1).run(folder.resolve("whole"), new Interruption(-1, false));
        CifarResNet killed = task.create("laurel-rw+lr:rank=2", 1);
        assertThatThrownBy(() -> task.training(killed, 1).run(folder.resolve("cut"), new Interruption(130, true)))
                .isInstanceOf(OutOfMemoryError.class);
        CifarResNet resumed = task.create("laurel-rw+lr:rank=2", 1);
        task.training(resumed, 1).run(folder.resolve("cut"), new Interruption(-1, false));
        whole.stateDict()
                .forEach((name, value) -> assertThat(
                                resumed.stateDict().get(name).toDoubles())
                        .as(name)
                        .isEqualTo(value.toDoubles()));
    }

    @Test
    void aStoppedTrainingSavesAndGoesOn() throws IOException {
        LanguageTask task = language(30);
        Llama whole = task.create("laurel-pa", 2);
        task.training(whole, 2).run(folder.resolve("whole"), new Interruption(-1, false));
        Llama stopped = task.create("laurel-pa", 2);
        TrainingListener stop = new TrainingListener() {
            private long seen;

            @Override
            public boolean stopRequested() {
                return seen == 17;
            }

            @Override
            public void step(long step, int samples, double loss) {
                seen = step;
            }
        };
        assertThatThrownBy(() -> task.training(stopped, 2).run(folder.resolve("cut"), stop))
                .isInstanceOf(TrainingStopped.class)
                .hasMessageContaining("after step 18");
        Llama resumed = task.create("laurel-pa", 2);
        task.training(resumed, 2).run(folder.resolve("cut"), new Interruption(-1, false));
        whole.stateDict()
                .forEach((name, value) ->
                        assertThat(resumed.stateDict().get(name).toFloats()).isEqualTo(value.toFloats()));
    }

    @Test
    void modelsOfOneSeedDifferOnlyInTheirConnections() {
        LanguageTask task = language(1);
        Llama plain = task.create("plain", 5);
        Llama laurel = task.create("laurel-rw+lr+pa:rank=2", 5);
        plain.stateDict()
                .forEach(
                        (name, value) -> assertThat(laurel.stateDict().get(name).toFloats())
                                .as(name)
                                .isEqualTo(value.toFloats()));
        assertThat(task.create(Task.DEEPER, 5).parameterCount()).isGreaterThan(laurel.parameterCount());
        assertThat(vision().create(Task.DEEPER, 5).stateDict()).containsKey("layer2.1.conv1.weight");
        assertThat(task.batch(5, 3).inputs().toLongs())
                .isEqualTo(task.batch(5, 3).inputs().toLongs());
        assertThat(task.batch(5, 3).inputs().toLongs())
                .isNotEqualTo(task.batch(5, 4).inputs().toLongs());
    }

    @Test
    void targetsAreTheNextCharacters() {
        CharText text = CharText.of("digits", "0123456789".repeat(20));
        CharText.Batch batch = text.random(3, 7, new Rng(1));
        long[] inputs = batch.inputs().toLongs();
        long[] targets = batch.targets().toLongs();
        for (int i = 0; i < inputs.length; i++) {
            assertThat(targets[i]).isEqualTo((inputs[i] + 1) % 10);
        }
        assertThat(text.validation(1, 2, 2, 5).inputs().size(0)).isEqualTo(2);
        assertThatThrownBy(() -> text.requireRoom(20)).hasMessageContaining("--text: expected more than 200");
    }

    @Test
    void picturesAreShiftedMirroredAndVisitedOnceAnEpoch() {
        VisionTask task = vision();
        int[] seen = new int[3];
        for (int step = 0; step < 5; step++) {
            Pictures.Batch batch = task.train().training(step, 8, new Rng(4));
            assertThat(batch.inputs().shape().dims()).containsExactly(8, 1, 8, 8);
            for (long label : batch.targets().toLongs()) {
                seen[(int) label]++;
            }
        }
        int[] all = new int[3];
        for (long label : task.train().range(0, 40).targets().toLongs()) {
            all[(int) label]++;
        }
        assertThat(seen).isEqualTo(all);
    }

    @Test
    void theCommandWritesTablesAndPlots() throws IOException {
        String[] command = {
            "reproduce",
            "laurel",
            "--quick",
            "--folder",
            folder.resolve("out").toString(),
            "--seeds",
            "2",
            "--models",
            "deeper;laurel-rw+lr:rank=2;laurel-rw+lr:rank=1",
            "--steps",
            "3",
            "--layers",
            "1",
            "--images",
            "64",
            "--json",
            folder.resolve("copy.json").toString()
        };
        CommandLineRun run = CommandLineRun.of(command);
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("22 of 22 runs", "Language: validation loss", "| laurel-rw+lr:rank=2 |", "-0.0628", "320 %")
                .contains("Vision: the rank of RW+LR", "Cost of a training step");
        JsonNode json = JsonMapper.shared().readTree(Files.readString(folder.resolve("copy.json")));
        assertThat(json.at("/cells/0/cell/model").stringValue()).isEqualTo("plain");
        assertThat(json.at("/cells/0/metrics/validation_loss/values")).hasSize(2);
        assertThat(folder.resolve("out/plots/language.svg")).content().contains("<circle", "laurel-rw+lr:rank=2");
        assertThat(folder.resolve("out/plots/ranks.svg")).exists();
        CommandLineRun other = CommandLineRun.of("reproduce", "laurel", "--quick", "--tasks", "languages");
        assertThat(other.err()).contains("--tasks: expected some of language, vision and cost, got 'languages'");
    }

    @Test
    void resultsGoIntoThePageBetweenItsComments() throws IOException {
        Path results = Files.createDirectories(folder.resolve("results"));
        Files.writeString(results.resolve("results.md"), "# Title\n\nWords.\n\n## Part\n\n![x](plots/a.svg)\n");
        Files.writeString(Files.createDirectories(results.resolve("plots")).resolve("a.svg"), "<svg/>");
        DocsSection section = new DocsSection(folder.resolve("page.md"), List.of("language"));
        Files.writeString(section.page(), "before\n" + section.begin() + "\nold\n" + section.end() + "\nafter\n");
        section.update(results);
        assertThat(section.page())
                .hasContent("before\n" + section.begin() + "\n\nWords.\n\n### Part\n\n![x](page/a.svg)\n\n"
                        + section.end() + "\nafter\n");
        assertThat(folder.resolve("page/a.svg")).hasContent("<svg/>");
        Files.writeString(section.page(), "nothing");
        assertThatThrownBy(() -> section.update(results)).hasMessageContaining("page.md: expected the lines");
    }

    @Test
    void sharesOfTheExtraLayersGain() {
        assertThat(Cells.papersShare(75.10, 74.95, 75.20)).isEqualTo("60 %");
        Paper paper = Paper.of("laurel-rw+lr:rank=4");
        assertThat(paper).isNotNull();
        assertThat(paper.loss() - Paper.PLAIN.loss()).isCloseTo(-0.0628, within(1e-9));
        assertThat(Paper.of("mhc")).isNull();
    }
}
