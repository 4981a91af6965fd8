/* What the tests of the C interface share: what is expected is counted, and a plan to settle with. */
#ifndef FENRUN_TESTS_CHECK_H
#define FENRUN_TESTS_CHECK_H
#include "fenrun.h"
#include <stdio.h>
#include <string.h>

static int passed, failed;

#define EXPECT(condition)                                                          \
    do {                                                                           \
        if (condition) {                                                           \
            passed++;                                                              \
        } else {                                                                   \
            failed++;                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);        \
        }                                                                          \
    } while (0)
#define TEXT(literal) literal, sizeof(literal) - 1
#define FRESH(err) ((err).code = -1, (err).index = 7, (err).message[0] = '\0', &(err))

static const char PLAN[] = "{\"schema\":\"fenrun.plan/1\",\"name\":\"two levels\",\"currency\":\"CNY\","
                           "\"rule\":[{\"id\":\"up\",\"to\":{\"up\":\"referral\"},"
                           "\"pay\":{\"levels\":[\"10%\",\"5%\"]}}]}";

static fenrun_plan *new_plan(void) {
    fenrun_plan *plan = NULL;
    fenrun_error err = FENRUN_ERROR_INIT;
    EXPECT(fenrun_plan_new(TEXT(PLAN), &plan, &err) == FENRUN_OK);
    return plan;
}

static int holds(const fenrun_buffer *buffer, const char *part) {
    return buffer->data != NULL && strstr(buffer->data, part) != NULL;
}

/* The last line of a program of tests, and what it returns. */
static int counted(void) {
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}

#endif
