// The least that any client can do: libcurl on one kept connection, one scroll, each answer held in memory and searched
// for its scroll id and whether it has hits, no more. bare URL INDEX SIZE whole|field; one line of JSON.

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct body { char *start; size_t count, capacity; };

static size_t receive(char *bytes, size_t size, size_t count, void *context) {
    struct body *body = context;
    (void)size;
    if (body->count + count + 1 > body->capacity) {
        body->capacity = 2 * (body->count + count + 1);
        body->start = realloc(body->start, body->capacity);
        if (!body->start) { return 0; }
    }
    memcpy(body->start + body->count, bytes, count);
    body->count += count;
    body->start[body->count] = 0;
    return count;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void ask(CURL *curl, const char *method, const char *url, const char *text, struct body *body) {
    body->count = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, text);
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200) {
        fprintf(stderr, "%s: %s, HTTP %ld\n", url, curl_easy_strerror(code), status);
        exit(1);
    }
}

/// Bytes, out of /proc: what getrusage calls the peak begins with that of the process that started this one.
static long peak(void) {
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "VmHWM: %ld", &kib) == 1) { break; }
    }
    if (file) { fclose(file); }
    return kib * 1024;
}

int main(int argc, char **argv) {
    if (argc != 5) { fprintf(stderr, "usage: bare URL INDEX SIZE whole|field\n"); return 64; }
    double start = seconds();
    curl_global_init(CURL_GLOBAL_ALL);
    CURL *curl = curl_easy_init();
    struct body body = {0};
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L << 10);
    char url[1024], text[16384], id[12288];
    snprintf(url, sizeof url, "%s/%s/_search?scroll=5m", argv[1], argv[2]);
    snprintf(text, sizeof text, "{\"size\":%s,\"sort\":[\"_doc\"]%s}", argv[3],
             strcmp(argv[4], "field") == 0 ? ",\"_source\":[\"log\"]" : "");
    ask(curl, "POST", url, text, &body);
    snprintf(url, sizeof url, "%s/_search/scroll", argv[1]);
    size_t bytes = 0, pages = 0;
    long long total = 0;
    for (;;) {
        bytes += body.count;
        const char *from = strstr(body.start, "\"_scroll_id\":\"");
        if (!from) { return 1; }
        from += 14;
        snprintf(id, sizeof id, "%.*s", (int)(strchr(from, '"') - from), from);
        const char *hits = strstr(body.start, "\"total\":{\"value\":");
        if (hits && pages == 0) { total = atoll(hits + 17); }
        if (strstr(body.start, "\"hits\":[]")) { break; }
        pages++;
        snprintf(text, sizeof text, "{\"scroll\":\"5m\",\"scroll_id\":\"%s\"}", id);
        ask(curl, "POST", url, text, &body);
    }
    snprintf(text, sizeof text, "{\"scroll_id\":[\"%s\"]}", id);
    ask(curl, "DELETE", url, text, &body);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("{\"documents\":%lld,\"bytes\":%zu,\"pages\":%zu,\"seconds\":%f,\"cpu\":%f,\"peakRSS\":%ld}\n", total, bytes,
           pages, seconds() - start, cpu, peak());
    return 0;
}
