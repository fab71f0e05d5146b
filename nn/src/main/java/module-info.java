/// Layers, optimisers, data loading and training.
module dev.retort.nn {
    requires transitive dev.retort.autograd;
    requires java.net.http;
    requires static java.desktop;
    requires static org.jspecify;

    exports dev.retort.nn;
    exports dev.retort.nn.data;
    exports dev.retort.nn.generate;
    exports dev.retort.nn.inference;
    exports dev.retort.nn.init;
    exports dev.retort.nn.inspect;
    exports dev.retort.nn.layer;
    exports dev.retort.nn.loss;
    exports dev.retort.nn.models;
    exports dev.retort.nn.optim;
    exports dev.retort.nn.parametrize;
    exports dev.retort.nn.residual;
    exports dev.retort.nn.text;
    exports dev.retort.nn.train;
    exports dev.retort.nn.transformer;
}
