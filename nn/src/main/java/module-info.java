/// Layers, optimisers, data loading and training.
module dev.retort.nn {
    requires transitive dev.retort.autograd;
    requires static transitive org.jspecify;
}
