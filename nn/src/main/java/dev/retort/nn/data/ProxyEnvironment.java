package dev.retort.nn.data;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// Proxies as other command-line programs find them: `https_proxy`, `http_proxy`, `all_proxy` and
/// `no_proxy`, in small or capital letters. Java's own settings (`-Dhttps.proxyHost` …) come first.
final class ProxyEnvironment extends ProxySelector {
    private final Map<String, String> environment;

    ProxyEnvironment(Map<String, String> environment) {
        this.environment = environment;
    }

    static ProxySelector selector() {
        Stream<String> settings =
                Stream.of("https.proxyHost", "http.proxyHost", "socksProxyHost", "java.net.useSystemProxies");
        boolean configured = settings.anyMatch(name -> System.getProperty(name) != null);
        ProxySelector standard = ProxySelector.getDefault();
        return configured && standard != null ? standard : new ProxyEnvironment(System.getenv());
    }

    private String variable(String name) {
        String small = environment.getOrDefault(name, "");
        return small.isBlank()
                ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "").strip()
                : small.strip();
    }

    @Override
    public List<Proxy> select(URI uri) {
        String own = variable(uri.getScheme() + "_proxy");
        String address = own.isEmpty() ? variable("all_proxy") : own;
        if (address.isEmpty() || isExempt(uri.getHost())) {
            return List.of(Proxy.NO_PROXY);
        }
        URI proxy = URI.create(address.contains("://") ? address : "http://" + address);
        if (proxy.getHost() == null || !proxy.getScheme().startsWith("http")) {
            throw new IllegalArgumentException("proxy: expects http://host:port, got " + address);
        }
        int port = proxy.getPort() > 0 ? proxy.getPort() : proxy.getScheme().equals("https") ? 443 : 80;
        return List.of(new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port)));
    }

    private boolean isExempt(String host) {
        for (String entry : variable("no_proxy").split(",")) {
            String name = entry.strip().replaceFirst("^\\*?\\.", "");
            if (name.equals("*") || !name.isEmpty() && (host.equals(name) || host.endsWith("." + name))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        // The failure reaches the caller of the request; there is no second proxy to prefer from now on.
    }
}
