package dev.retort.distill.method;

import dev.retort.distill.SampleSource;
import dev.retort.distill.StepBatch;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.transformer.Decoder;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Set;

/// Texts of which each token is drawn from the teacher's and the student's distributions, mixed; see
/// [MiniLlm]. Inputs [T] and targets [3, T], for the next token: the token itself (−1 where none counts),
/// ln of its probability under the student, and under the mixture.
///
/// Both networks run over all that has been written for every token; there is no cache that two could share.
final class MixedTexts implements SampleSource {
    private static final int BATCH = 64;

    private final MiniLlm config;
    private final Layer teacher;
    private final Rng rng;
    private final Pool pool;

    /// The texts of the epoch.
    private static final class Pool extends Module {
        private final Buffer inputs;
        private final Buffer targets;

        Pool(int texts, int length) {
            inputs = buffer("inputs", Tensor.zeros(DType.I64, texts, length));
            targets = buffer("targets", Tensor.full(StepBatch.UNLABELLED, DType.F32, texts, 3, length));
        }
    }

    /// @throws IllegalArgumentException if the teacher does not write, or its context is too short
    MixedTexts(MiniLlm config, Layer teacher, Rng rng) {
        this.config = config;
        this.teacher = teacher;
        this.rng = rng;
        int length = config.prompts().longest() + config.writing().newTokens();
        if (!(teacher instanceof Decoder decoder)) {
            throw new IllegalArgumentException("mixed texts: expected a network that writes, a Decoder, got "
                    + teacher.getClass().getSimpleName());
        }
        if (length > decoder.contextLength()) {
            throw new IllegalArgumentException("mixed texts: expected prompts and new tokens of at most "
                    + decoder.contextLength() + " tokens, the teacher's context, got " + length);
        }
        pool = new Pool(config.prompts().size(), length);
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
        int texts = config.prompts().size();
        for (int from = 0; from < texts; from += BATCH) {
            write(from, Math.min(BATCH, texts - from), student, rng.fork(epoch).fork(from));
        }
    }

    /// Texts that are being written.
    private static final class Texts {
        private final long[] ids;
        private final float[] targets;
        private final int[] ends;
        private final boolean[] done;
        private final int length;

        Texts(Prompts prompts, int from, int count, int length) {
            this.length = length;
            ids = new long[count * length];
            targets = new float[3 * count * length];
            java.util.Arrays.fill(targets, StepBatch.UNLABELLED);
            ends = new int[count];
            done = new boolean[count];
            for (int i = 0; i < count; i++) {
                int[] prompt = prompts.get(from + i);
                ends[i] = prompt.length;
                for (int t = 0; t < prompt.length; t++) {
                    ids[i * length + t] = prompt[t];
                }
            }
        }

        /// Appends a token with its two log probabilities.
        void add(int text, int token, double own, double drawn) {
            int at = ends[text]++;
            ids[text * length + at] = token;
            int target = 3 * text * length + at - 1;
            targets[target] = token;
            targets[target + length] = (float) own;
            targets[target + 2 * length] = (float) drawn;
        }

        /// Whether one is still being written.
        boolean isOpen() {
            for (boolean end : done) {
                if (!end) {
                    return true;
                }
            }
            return false;
        }

        int longest() {
            return java.util.Arrays.stream(ends).max().orElse(0);
        }
    }

    private void write(int from, int count, Layer student, Rng draws) {
        Writing writing = config.writing();
        int length = pool.inputs.tensor().size(1);
        Texts texts = new Texts(config.prompts(), from, count, length);
        for (int step = 0; step < writing.newTokens() && texts.isOpen(); step++) {
            // Causal networks: what is right of a text's end has no say before it.
            int longest = texts.longest();
            Tensor ids =
                    Tensor.wrap(DType.I64, texts.ids.clone(), count, length).narrow(1, 0, longest);
            Tensor own = logits(student, ids);
            Tensor wise = logits(teacher, ids);
            for (int i = 0; i < count; i++) {
                if (!texts.done[i]) {
                    double uniform = draws.fork(i).fork(step).nextDouble();
                    int last = texts.ends[i] - 1;
                    draw(texts, i, logs(own, i, last), logs(wise, i, last), uniform);
                }
            }
        }
        Tensor written = Tensor.wrap(DType.I64, texts.ids, count, length);
        pool.inputs.tensor().narrow(0, from, count).copyFrom(written);
        pool.targets.tensor().narrow(0, from, count).copyFrom(Tensor.wrap(DType.F32, texts.targets, count, 3, length));
    }

    private static Tensor logits(Layer network, Tensor ids) {
        return GeneratorLoss.require(Features.quietly(network, ids, Set.of(Tap.LOGITS)), Tap.LOGITS);
    }

    /// ln of the probabilities of the next token.
    private double[] logs(Tensor logits, int text, int at) {
        return logits.select(0, text)
                .select(0, at)
                .to(DType.F64)
                .mul(1 / config.writing().temperature())
                .logSoftmax(0)
                .toDoubles();
    }

    private void draw(Texts texts, int text, double[] own, double[] wise, double uniform) {
        if (own.length != wise.length) {
            throw new IllegalArgumentException("mixed texts: expected one vocabulary of student and teacher, got "
                    + own.length + " and " + wise.length + " tokens");
        }
        double share = config.teacherShare();
        double left = uniform;
        int token = 0;
        double mass = 0;
        for (int k = 0; k < own.length; k++) {
            double probability = share * Math.exp(wise[k]) + (1 - share) * Math.exp(own[k]);
            if (probability > 0) { // rounding may leave a crumb after the last
                token = k;
                mass = probability;
            }
            left -= probability;
            if (left < 0) {
                break;
            }
        }
        texts.add(text, token, own[token], Math.log(mass));
        texts.done[text] = token == config.writing().stopToken();
    }
}
