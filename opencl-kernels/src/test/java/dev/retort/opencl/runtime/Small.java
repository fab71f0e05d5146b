package dev.retort.opencl.runtime;

/// A device that says it can do less than it can.
public final class Small {
    private Small() {}

    /// The device with work-groups of at most `groupSize` work-items, which share at most `localBytes`.
    public static ClDevices.Found of(ClDevices.Found found, int groupSize, long localBytes) {
        DeviceLimits l = found.limits();
        DeviceLimits small = new DeviceLimits(
                l.platform(),
                l.name() + " (limited)",
                l.vendor(),
                l.version(),
                l.driver(),
                2,
                l.memoryBytes(),
                l.largestBuffer(),
                localBytes,
                groupSize,
                false,
                l.doubles(),
                l.exactDivision(),
                l.capability());
        return new ClDevices.Found(found.platform(), found.id(), small);
    }
}
