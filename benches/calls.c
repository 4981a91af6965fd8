/* Nanoseconds of small calls of the C interface, for calls.py: a name a line in, a line of JSON out. */
#define _POSIX_C_SOURCE 200809L
#include <fenrun.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MEMBERS = 100000, CALLS = 200000, LEVELS = 10 };

static fenrun_plan *plan;
static fenrun_forest *forest;
static uint64_t weights[5] = {1999, 2501, 731, 12000, 4};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void check(int32_t status) {
    if (status != FENRUN_OK) {
        fprintf(stderr, "error %d: %s\n", status, fenrun_error_name(status));
        exit(1);
    }
}

static int64_t resolve(uint64_t at) {
    const uint64_t id = at % MEMBERS + 1;
    uint32_t handle = 0;
    check(fenrun_forest_resolve(forest, &id, 1, &handle, NULL));
    return handle;
}

static int64_t upline(uint64_t at) {
    uint64_t ids[LEVELS];
    size_t len = 0, one;
    int64_t sum = 0;
    check(fenrun_forest_upline(forest, at % MEMBERS + 1, ids, LEVELS, &len, NULL));
    for (one = 0; one < len; one++)
        sum += (int64_t)ids[one];
    return sum;
}

static int64_t telescope(uint64_t at) {
    int64_t minor = 0;
    check(fenrun_money_telescope((int64_t)at, at % 3, 3, 7, &minor, NULL));
    return minor;
}

static int64_t allocate(uint64_t at) {
    int64_t shares[5], rest = 0;
    check(fenrun_money_allocate((int64_t)at, weights, NULL, NULL, 5, FENRUN_ALLOCATE_LARGEST_REMAINDER, 0, shares, &rest, NULL));
    return shares[3] + rest;
}

static int64_t settle(uint64_t at) {
    const uint32_t buyer = (uint32_t)(at % MEMBERS + 1);
    const int64_t paid = (int64_t)(at % 9973);
    fenrun_orders orders = {0};
    fenrun_rows *rows = NULL;
    int64_t pool = 0;
    orders.size = sizeof orders;
    orders.len = 1;
    orders.buyer_handles = &buyer;
    orders.paid = &paid;
    check(fenrun_settle(plan, forest, &orders, 1, &rows, NULL));
    check(fenrun_rows_pool(rows, &pool, NULL));
    fenrun_rows_free(rows);
    return pool;
}

static const struct {
    const char *name;
    int64_t (*call)(uint64_t at);
} TABLE[] = {{"resolve", resolve}, {"upline", upline}, {"telescope", telescope}, {"allocate", allocate}, {"settle", settle}};

int main(void) {
    static const char text[] = "{\"schema\":\"fenrun.plan/1\",\"name\":\"bench\",\"currency\":\"CNY\",\"rule\":[{\"id\":\"up\","
                               "\"to\":{\"up\":\"referral\"},\"pay\":{\"levels\":[\"5%\",\"2.5%\",\"1%\"]}}]}";
    uint64_t *members = calloc(MEMBERS, sizeof *members), *inviters = calloc(MEMBERS, sizeof *inviters), at;
    char line[64];
    for (at = 0; at < MEMBERS; at++) {
        members[at] = at + 1;
        inviters[at] = (at + 1) / 2;
    }
    check(fenrun_plan_new(text, sizeof text - 1, &plan, NULL));
    check(fenrun_forest_new(members, inviters, MEMBERS, &forest, NULL));
    while (fgets(line, sizeof line, stdin)) {
        size_t one;
        line[strcspn(line, "\n")] = 0;
        for (one = 0; one < sizeof TABLE / sizeof *TABLE; one++) {
            if (strcmp(line, TABLE[one].name) == 0) {
                const uint64_t start = now();
                int64_t sum = 0;
                for (at = 0; at < CALLS; at++)
                    sum += TABLE[one].call(at);
                printf("{\"ns\": %.1f, \"sum\": %" PRId64 "}\n", (double)(now() - start) / CALLS, sum);
                fflush(stdout);
            }
        }
    }
    fenrun_forest_free(forest);
    fenrun_plan_free(plan);
    free(members);
    free(inviters);
    return 0;
}
