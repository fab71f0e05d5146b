package dev.retort.tensor;

/// Where a tensor's elements live: `cpu`, or a backend's name with an index such as `opencl:0`.
public record Device(String type, int index) {
    /// The host.
    public static final Device CPU = new Device("cpu", 0);

    /// Parses `cpu`, `opencl` or `opencl:1`.
    ///
    /// @throws OpException if the text is none of these
    public static Device of(String text) {
        String[] parts = text.split(":", -1);
        try {
            if (parts.length <= 2 && !parts[0].isEmpty()) {
                int index = parts.length == 2 ? Integer.parseInt(parts[1]) : 0;
                if (index >= 0) {
                    return new Device(parts[0], index);
                }
            }
        } catch (NumberFormatException e) {
            throw new OpException("device: expected NAME or NAME:INDEX, got '" + text + "'", e);
        }
        throw new OpException("device: expected NAME or NAME:INDEX, got '" + text + "'");
    }

    /// Whether this is the host.
    public boolean isCpu() {
        return type.equals("cpu");
    }

    @Override
    public String toString() {
        return isCpu() ? type : type + ":" + index;
    }
}
