package dev.retort.bench.info;

import dev.retort.tensor.Backends;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.BackendProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What the option `--device` names: `cpu`, a kind such as `opencl` (its first device), `opencl:1`, or
/// `opencl:NAME` with a part of the device's name; where a command can use several, `opencl:0,opencl:1`.
public final class DeviceChoice {
    private DeviceChoice() {}

    /// The device.
    ///
    /// @throws IllegalArgumentException if there is none, saying what there is
    public static Device parse(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? "" : text.substring(colon + 1);
        try {
            Device device = name.isEmpty() || name.chars().allMatch(Character::isDigit)
                    ? Device.of(text)
                    : named(text.substring(0, colon), name);
            Backends.of(device);
            return device;
        } catch (OpException e) {
            throw new IllegalArgumentException("--device: " + e.getMessage(), e);
        }
    }

    /// Several devices, separated by commas; one may be listed several times.
    ///
    /// @throws IllegalArgumentException if one of them is missing
    public static List<Device> parseAll(String text) {
        return Arrays.stream(text.split(",", -1)).map(DeviceChoice::parse).toList();
    }

    /// The devices with their descriptions, for reports.
    public static String describe(String text) {
        return parseAll(text).stream()
                .map(device -> device + ", " + Backends.of(device).description())
                .collect(Collectors.joining("; "));
    }

    private static Device named(String type, String name) {
        List<String> seen = new ArrayList<>();
        for (BackendProvider provider : Backends.providers()) {
            for (Backend backend : provider.backends()) {
                seen.add(backend.device() + " " + backend.description());
                boolean fits = backend.description().toLowerCase(Locale.ROOT).contains(name.toLowerCase(Locale.ROOT));
                if (provider.type().equals(type) && fits) {
                    return backend.device();
                }
            }
        }
        throw new OpException("device " + type + " with '" + name + "' in its name: not found among " + seen);
    }
}
