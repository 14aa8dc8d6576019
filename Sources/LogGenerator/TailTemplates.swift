/// The eight shapes of rare lines. Each holds all seven word slots outside of whatever a mask may swallow (paths, file
/// names, tokens with digits), so that the masked text tells all choices apart.
enum TailTemplates {
    static let all = TemplateLibrary(patterns: [
        "W%k       1 %h.go:%d] %0 %1 %3 %2 \"%n\" because of %4 in %6 (%5) id=%h",
        "{\"level\":\"warn\",\"ts\":%u,\"logger\":\"%0\",\"caller\":\"sync/%h.go:%d\",\"msg\":\"%1 %3 %2\",\"reason\":\"%4\",\"peer\":\"%6\",\"kind\":\"%5\",\"attempt\":%d}",
        "time=\"%t\" level=warning msg=\"%0 %1 %3 %2 after %m\" error=\"%4 of %6\" subsys=%5 id=%g",
        "{\"level\":\"info\",\"ts\":\"%t\",\"caller\":\"etcdserver/%h.go:%d\",\"msg\":\"%0 %1\",\"%3-%2\":\"%h\",\"cause\":\"%4\",\"from\":\"%6\",\"what\":\"%5\"}",
        "%t ERROR [%0-%d] o.a.%6: %1 %3 %2 during %4 of %5\njava.lang.IllegalStateException: %4\n\tat org.acme.%6.apply(Worker.java:%d)\n\tat java.lang.Thread.run(Thread.java:%d)",
        "E%k    %d pod_workers.go:%d] Error syncing pod %g, skipping: %0 %1 the %3 %2: %4 while %6 held %5 for %m",
        "%i - %0 [%a +0000] \"PATCH /apis/acme.io/v1/%h HTTP/2.0\" 409 %d \"%1 %3 %2\" %4 upstream %6 \"%5\" %d",
        "%t [%d] [%0] WARN: %6 %1 %3 %2 (cause: %4, affected: %5, took %m, retry %d of %d)",
    ])
}
