/// Knowledge distillation methods and pipelines.
module dev.retort.distill {
    requires transitive dev.retort.nn;
    requires java.net.http;
    requires static org.jspecify;

    exports dev.retort.distill;
    exports dev.retort.distill.active;
    exports dev.retort.distill.compare;
    exports dev.retort.distill.estimate;
    exports dev.retort.distill.evaluate;
    exports dev.retort.distill.feature;
    exports dev.retort.distill.method;
    exports dev.retort.distill.remote;
    exports dev.retort.distill.select;
    exports dev.retort.distill.teacher;
    exports dev.retort.distill.theory;
}
