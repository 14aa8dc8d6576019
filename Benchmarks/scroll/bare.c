// The least that any client can do: libcurl on one kept connection, one scroll, each answer held in memory and searched
// for its scroll id and whether it has hits, no more. One line of JSON.
//
// bare URL INDEX SIZE whole|field [WINDOWS FROM TO [MICROSECONDS]]: the index in one scroll, or in as many as WINDOWS, one
// after the other, each over an equal part of the times from FROM to TO (milliseconds), as a client must that can begin
// again. With MICROSECONDS, while the next page is asked for a second thread computes for so long, as a client does that
// takes pages apart: what is lost then, a server on the same cores has lost.

#include <curl/curl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
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

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(void) { return seconds_of(CLOCK_MONOTONIC); }

struct computing { pthread_t thread; sem_t page; double seconds; atomic_bool ended; };

/// Computes for so long of its own time a page, as many pages as have come.
static void *compute(void *context) {
    struct computing *computing = context;
    for (;;) {
        int left = 0;
        sem_wait(&computing->page);
        sem_getvalue(&computing->page, &left);
        if (atomic_load(&computing->ended) && left == 0) { return NULL; }
        double end = seconds_of(CLOCK_THREAD_CPUTIME_ID) + computing->seconds;
        while (seconds_of(CLOCK_THREAD_CPUTIME_ID) < end) {}
    }
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

struct counts { size_t bytes, pages; long long documents; };

/// One scroll from its opening to its end.
static void read_all(
    CURL *curl, char **argv, const char *query, struct body *body, struct counts *counts, struct computing *computing) {
    char url[1024], text[16384], id[12288];
    snprintf(url, sizeof url, "%s/%s/_search?scroll=5m", argv[1], argv[2]);
    snprintf(text, sizeof text, "{\"size\":%s,\"sort\":[\"_doc\"]%s%s}", argv[3], query,
             strcmp(argv[4], "field") == 0 ? ",\"_source\":[\"log\"]" : "");
    ask(curl, "POST", url, text, body);
    snprintf(url, sizeof url, "%s/_search/scroll", argv[1]);
    for (size_t page = 0;; page++) {
        counts->bytes += body->count;
        const char *from = strstr(body->start, "\"_scroll_id\":\"");
        if (!from) { exit(1); }
        from += 14;
        snprintf(id, sizeof id, "%.*s", (int)(strchr(from, '"') - from), from);
        const char *hits = strstr(body->start, "\"total\":{\"value\":");
        if (hits && page == 0) { counts->documents += atoll(hits + 17); }
        if (strstr(body->start, "\"hits\":[]")) { break; }
        counts->pages++;
        if (computing->seconds > 0) { sem_post(&computing->page); }
        snprintf(text, sizeof text, "{\"scroll\":\"5m\",\"scroll_id\":\"%s\"}", id);
        ask(curl, "POST", url, text, body);
    }
    snprintf(text, sizeof text, "{\"scroll_id\":[\"%s\"]}", id);
    ask(curl, "DELETE", url, text, body);
}

int main(int argc, char **argv) {
    if (argc != 5 && argc != 8 && argc != 9) {
        fprintf(stderr, "usage: bare URL INDEX SIZE whole|field [WINDOWS FROM TO [MICROSECONDS]]\n");
        return 64;
    }
    double start = seconds();
    curl_global_init(CURL_GLOBAL_ALL);
    CURL *curl = curl_easy_init();
    struct body body = {0};
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L << 10);
    struct counts counts = {0};
    struct computing computing = {.seconds = argc == 9 ? atof(argv[8]) / 1e6 : 0};
    if (computing.seconds > 0) {
        sem_init(&computing.page, 0, 0);
        pthread_create(&computing.thread, NULL, compute, &computing);
    }
    if (argc == 5) {
        read_all(curl, argv, "", &body, &counts, &computing);
    } else {
        long long windows = atoll(argv[5]), from = atoll(argv[6]), to = atoll(argv[7]);
        for (long long i = 0; i < windows; i++) {
            char query[256];
            snprintf(query, sizeof query,
                     ",\"query\":{\"range\":{\"time\":{\"gte\":%lld,\"lt\":%lld,\"format\":\"epoch_millis\"}}}",
                     from + (to - from) * i / windows, from + (to - from) * (i + 1) / windows);
            read_all(curl, argv, query, &body, &counts, &computing);
        }
    }
    if (computing.seconds > 0) {
        // What is left to compute is waited for.
        atomic_store(&computing.ended, true);
        sem_post(&computing.page);
        pthread_join(computing.thread, NULL);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("{\"documents\":%lld,\"bytes\":%zu,\"pages\":%zu,\"seconds\":%f,\"cpu\":%f,\"peakRSS\":%ld}\n", counts.documents,
           counts.bytes, counts.pages, seconds() - start, cpu, peak());
    return 0;
}
