package dev.retort.distill.method;

import dev.retort.distill.SampleSource;
import dev.retort.distill.StepBatch;
import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.generate.Generation;
import dev.retort.nn.generate.Generator;
import dev.retort.nn.transformer.Decoder;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Texts that teacher and student write on from prompts, as samples: inputs [T] and targets [T], moved
/// on by one. Prompt and what comes after the text do not count; the stop token does.
///
/// The teacher writes once, before the first epoch. Before every epoch each prompt goes to the student
/// with the probability that [WrittenShare] says, else the teacher's text is used.
final class WrittenTexts implements SampleSource {
    private static final int BATCH = 64;

    private final Prompts prompts;
    private final Writing writing;
    private final WrittenShare share;
    private final Layer teacher;
    private final Rng rng;
    private final Pool pool;

    /// The texts of the epoch, and the teacher's, [N, T] each.
    private static final class Pool extends Module {
        private final Buffer inputs;
        private final Buffer targets;
        private final Buffer teacherInputs;
        private final Buffer teacherTargets;

        Pool(int texts, int length, WrittenShare share) {
            child("share", share);
            inputs = buffer("inputs", Tensor.zeros(DType.I64, texts, length));
            targets = buffer("targets", Tensor.zeros(DType.I64, texts, length));
            teacherInputs = buffer("teacher_inputs", Tensor.zeros(DType.I64, texts, length));
            teacherTargets = buffer("teacher_targets", Tensor.zeros(DType.I64, texts, length));
        }
    }

    /// @throws IllegalArgumentException if the teacher does not write, or its context is too short
    WrittenTexts(Prompts prompts, Writing writing, WrittenShare share, Layer teacher, Rng rng) {
        this.prompts = prompts;
        this.writing = writing;
        this.share = share;
        this.teacher = teacher;
        this.rng = rng;
        int length = prompts.longest() + writing.newTokens();
        int context = decoder(teacher).contextLength();
        if (length > context) {
            throw new IllegalArgumentException("written texts: expected prompts and new tokens of at most " + context
                    + " tokens, the teacher's context, got " + length);
        }
        pool = new Pool(prompts.size(), length, share);
    }

    private static Decoder decoder(Layer network) {
        if (!(network instanceof Decoder decoder)) {
            throw new IllegalArgumentException("written texts: expected a network that writes, a Decoder, got "
                    + network.getClass().getSimpleName());
        }
        return decoder;
    }

    @Override
    public Dataset data() {
        return new TensorDataset(pool.inputs.tensor(), pool.targets.tensor());
    }

    @Override
    public boolean hasTargets() {
        return true;
    }

    @Override
    public Module state() {
        return pool;
    }

    @Override
    public void refresh(int epoch, Layer student) {
        double studentShare = share.before(epoch, student);
        if (epoch == 1 && share.needsTeacher()) {
            write(teacher, allPrompts(), rng.fork(0).seed(), pool.teacherInputs.tensor(), pool.teacherTargets.tensor());
        }
        pool.inputs.tensor().copyFrom(pool.teacherInputs.tensor());
        pool.targets.tensor().copyFrom(pool.teacherTargets.tensor());
        Rng own = rng.fork(epoch);
        int[] chosen = Arrays.stream(allPrompts())
                .filter(_ -> own.nextDouble() < studentShare)
                .toArray();
        write(student, chosen, own.fork(0).seed(), pool.inputs.tensor(), pool.targets.tensor());
    }

    private int[] allPrompts() {
        int[] all = new int[prompts.size()];
        Arrays.setAll(all, i -> i);
        return all;
    }

    /// Writes on from the chosen prompts, into their rows.
    private void write(Layer author, int[] chosen, long seed, Tensor inputs, Tensor targets) {
        Map<Module, Boolean> modes = new LinkedHashMap<>();
        author.modules().values().forEach(module -> modes.put(module, module.isTraining()));
        author.eval();
        try {
            for (int from = 0; from < chosen.length; from += BATCH) {
                int[] part = Arrays.copyOfRange(chosen, from, Math.min(chosen.length, from + BATCH));
                List<int[]> starts = new ArrayList<>();
                for (int prompt : part) {
                    starts.add(prompts.get(prompt));
                }
                List<Generation> written = new Generator(decoder(author), writing.config(seed + from)).generate(starts);
                for (int i = 0; i < part.length; i++) {
                    put(starts.get(i), written.get(i), inputs.select(0, part[i]), targets.select(0, part[i]));
                }
            }
        } finally {
            modes.forEach(Module::train);
        }
    }

    /// The row of one text: prompt and tokens, then token 0 to the end; targets only for what was
    /// written.
    private void put(int[] prompt, Generation written, Tensor input, Tensor target) {
        boolean stopped = written.finish() == Generation.Finish.STOP;
        int[] tokens = written.tokens();
        long[] text = new long[prompt.length + tokens.length + 1];
        for (int i = 0; i < prompt.length; i++) {
            text[i] = prompt[i];
        }
        for (int i = 0; i < tokens.length; i++) {
            text[prompt.length + i] = tokens[i];
        }
        text[text.length - 1] = writing.stopToken();
        int end = stopped ? text.length : text.length - 1;
        long[] ids = new long[input.size(0)];
        long[] wanted = new long[ids.length];
        for (int t = 0; t < ids.length; t++) {
            ids[t] = t < end ? text[t] : 0;
            wanted[t] = t + 1 >= prompt.length && t + 1 < end ? text[t + 1] : StepBatch.UNLABELLED;
        }
        input.copyFrom(Tensor.wrap(DType.I64, ids));
        target.copyFrom(Tensor.wrap(DType.I64, wanted));
    }
}
