/* A forest, a batch over it, a team and a share link, in C.
 *
 *     cc -std=c99 forest.c $(pkg-config --cflags --libs fenrun) && ./a.out
 */
#include <fenrun.h>
#include <stdio.h>
#include <string.h>

#define TEXT(literal) literal, sizeof(literal) - 1
enum { MEMBERS = 3, ROWS_AT_MOST = 4 };

int main(void) {
    static const uint64_t members[MEMBERS] = {10, 20, 30}, inviters[MEMBERS] = {0, 10, 20}; /* 0 is nobody */
    static const uint8_t yes[MEMBERS] = {1, 1, 1}, no[MEMBERS] = {0, 0, 0};
    static const uint64_t buyers[] = {30, 20};
    static const int64_t paid[] = {19998, 500}; /* minor units */
    static const char share[] = /* a key of your own, in pairs of hex digits; it signs and checks */
        "{\"keys\": {\"1\": \"000102030405060708090a0b0c0d0e0f\"}, \"signing\": 1,"
        " \"sign\": {\"member\": 30}, \"page\": \"https://shop.example/p/7\"}";
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = NULL;
    fenrun_forest *forest = NULL;
    fenrun_teams *teams = NULL;
    fenrun_rows *rows = NULL;
    fenrun_orders orders = {0};
    fenrun_buffer link = {0};
    uint64_t payees[ROWS_AT_MOST], team[MEMBERS];
    uint32_t accounts[ROWS_AT_MOST];
    int64_t amounts[ROWS_AT_MOST];
    size_t len = 0, below = 0, at;

    orders.size = sizeof orders;
    orders.len = 2;
    orders.buyers = buyers;
    orders.paid = paid;
    int failed = fenrun_abi_check(FENRUN_ABI_VERSION, &err)
        || fenrun_plan_preset(TEXT("two_level"), &plan, &err)
        || fenrun_forest_new(members, inviters, MEMBERS, &forest, &err)
        || fenrun_forest_set_flag(forest, TEXT("distributor"), yes, MEMBERS, &err)
        || fenrun_forest_set_flag(forest, TEXT("frozen"), no, MEMBERS, &err)
        || fenrun_settle(plan, forest, &orders, 1, &rows, &err)
        || fenrun_rows_totals(rows, payees, accounts, amounts, ROWS_AT_MOST, &len, &err)
        || fenrun_teams_new(forest, &teams, &err)
        || fenrun_teams_page(teams, 10, 0, team, MEMBERS, &below, &err)
        || fenrun_run(TEXT("share"), NULL, TEXT(share), &link, &err);
    if (failed) {
        fprintf(stderr, "%s: %s\n", fenrun_error_name(err.code), err.message);
    } else {
        for (at = 0; at < len; at++)
            printf("%llu gets %lld\n", (unsigned long long)payees[at], (long long)amounts[at]);
        printf("%zu below 10, %llu first\n%s\n", below, (unsigned long long)team[0], link.data);
    }
    fenrun_buffer_free(&link);
    fenrun_rows_free(rows);
    fenrun_teams_free(teams);
    fenrun_forest_free(forest);
    fenrun_plan_free(plan);
    return failed;
}
