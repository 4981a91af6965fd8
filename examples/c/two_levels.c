/* Two levels of commission in C: settle one sale, then take half of it back.
 *
 *     cc -std=c99 two_levels.c $(pkg-config --cflags --libs fenrun) && ./a.out
 */
#include <fenrun.h>
#include <stdio.h>
#include <string.h>

static const char *sale = /* the buyer's upline comes from your own tables, nearest first */
    "{\"id\": \"A-1001\", \"buyer\": 7,"
    " \"upline\": [{\"id\": 5, \"distributor\": true, \"frozen\": false},"
    "              {\"id\": 3, \"distributor\": true, \"frozen\": false}],"
    " \"lines\": [{\"id\": 1, \"units\": 2, \"paid\": 19980}]}";
static const char *refund = /* a retry keeps its id and gets the same keys */
    "{\"id\": \"R-1\", \"lines\": [{\"line\": 1, \"units\": 1, \"amount\": 9990}]}";

int main(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = NULL;
    fenrun_buffer outcome = {0}, frozen = {0}, reversal = {0};

    int failed = fenrun_abi_check(FENRUN_ABI_VERSION, &err)
        || fenrun_plan_preset("two_level", strlen("two_level"), &plan, &err)
        || fenrun_settle_one(plan, sale, strlen(sale), &outcome, &frozen, &err)
        || fenrun_reverse(frozen.data, frozen.len, NULL, 0, refund, strlen(refund), &reversal, &err);
    if (failed) {
        fprintf(stderr, "%s: %s\n", fenrun_error_name(err.code), err.message);
    } else {
        printf("settled:  %s\n", outcome.data);   /* rows to post, each with a key for a unique index */
        printf("reversed: %s\n", reversal.data);  /* rows to post, and what stands afterwards */
    }
    fenrun_buffer_free(&reversal);
    fenrun_buffer_free(&frozen); /* in a shop: kept beside the order, it works without the plan */
    fenrun_buffer_free(&outcome);
    fenrun_plan_free(plan);
    return failed;
}
