/* The contract of docs/reference/c-abi.md, held against the library: layout, ownership, errors, bad input,
 * threads and forks. */
#define _GNU_SOURCE /* RLIMIT_NPROC */
#include "fenrun.h"
#include "fenrun.h" /* twice on purpose */
#include "check.h"
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char SALE[] = "{\"id\":1,\"buyer\":9,\"upline\":[5,3],\"lines\":[{\"id\":1,\"units\":2,\"paid\":1998}]}";

static void layout(void) {
    EXPECT(sizeof(fenrun_error) == 256);
    EXPECT(offsetof(fenrun_error, code) == 4);
    EXPECT(offsetof(fenrun_error, index) == 8);
    EXPECT(offsetof(fenrun_error, line) == 12);
    EXPECT(offsetof(fenrun_error, message) == 16);
    EXPECT(sizeof(fenrun_buffer) == 3 * sizeof(size_t));
    EXPECT(sizeof(fenrun_component) == 3 * sizeof(void *));
    EXPECT(sizeof(fenrun_orders) == 8 + 15 * sizeof(void *));
    EXPECT(offsetof(fenrun_orders, len) == 8);
    EXPECT(offsetof(fenrun_orders, buyers) == 16);
    EXPECT(offsetof(fenrun_orders, paid) == 32);
    EXPECT(offsetof(fenrun_orders, tenant_len) == 8 + 14 * sizeof(void *));
}

static void versions(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    EXPECT(fenrun_abi_version() == FENRUN_ABI_VERSION);
    EXPECT(fenrun_abi_check(FENRUN_ABI_VERSION, &err) == FENRUN_OK);
    /* An older library under a newer header, and one of another major. */
    EXPECT(fenrun_abi_check(FENRUN_ABI_VERSION + 1, FRESH(err)) == FENRUN_ABI_MISMATCH);
    EXPECT(strstr(err.message, "0.2") != NULL && strstr(err.message, "0.1") != NULL);
    EXPECT(fenrun_abi_check(FENRUN_ABI_VERSION + 65536, NULL) == FENRUN_ABI_MISMATCH);
    EXPECT(strchr(fenrun_version(), '.') != NULL);
    EXPECT(fenrun_features() != NULL);
    EXPECT(strcmp(fenrun_error_name(FENRUN_OK), "ok") == 0);
    EXPECT(strcmp(fenrun_error_name(FENRUN_OVERFLOW), "overflow") == 0);
    EXPECT(strcmp(fenrun_error_name(-7), "unknown") == 0);
}

static void errors(void) {
    fenrun_error err = FENRUN_ERROR_INIT, old = FENRUN_ERROR_INIT;
    int64_t minor = 77;
    char wide[300];
    size_t at;
    EXPECT(fenrun_money_parse(TEXT("19.99"), TEXT("CNY"), &minor, FRESH(err)) == FENRUN_OK && minor == 1999);
    EXPECT(err.code == -1 && err.index == 7); /* untouched on success */
    EXPECT(fenrun_money_parse(TEXT("19.999"), TEXT("CNY"), &minor, FRESH(err)) == FENRUN_TOO_MANY_DECIMALS);
    EXPECT(err.code == FENRUN_TOO_MANY_DECIMALS && err.index == FENRUN_NO_INDEX && err.line == 0);
    EXPECT(strstr(err.message, "19.999") != NULL && strchr(err.message, '\n') == NULL);
    EXPECT(minor == 1999); /* untouched on failure */
    EXPECT(fenrun_money_parse(TEXT("x"), TEXT("CNY"), &minor, NULL) == FENRUN_INVALID_AMOUNT);
    /* A record of the wrong size is not written to. */
    old.size = 255;
    old.code = -1;
    EXPECT(fenrun_money_parse(TEXT("1"), TEXT("CNY"), &minor, &old) == FENRUN_INVALID_ARGUMENT);
    EXPECT(old.code == -1 && minor == 1999);
    /* A long message ends between two characters. */
    for (at = 0; at + 3 <= 299; at += 3)
        memcpy(wide + at, "\xE5\x88\x86", 3);
    EXPECT(fenrun_plan_preset(wide, at, NULL, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    fenrun_plan *plan = NULL;
    EXPECT(fenrun_plan_preset(wide, at, &plan, FRESH(err)) == FENRUN_UNKNOWN_PRESET && plan == NULL);
    at = strlen(err.message);
    EXPECT(at >= 236 && at <= 239 && memcmp(err.message + at - 3, "\xE5\x88\x86", 3) == 0);
}

static void texts(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    int64_t minor = 0;
    fenrun_buffer buffer = {0};
    EXPECT(fenrun_money_parse("1\xFF", 2, TEXT("CNY"), &minor, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    EXPECT(strstr(err.message, "amount") != NULL && strstr(err.message, "UTF-8 at byte 1") != NULL);
    EXPECT(fenrun_money_parse(NULL, 4, TEXT("CNY"), &minor, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_money_parse(NULL, 0, TEXT("CNY"), &minor, FRESH(err)) == FENRUN_INVALID_AMOUNT);
    EXPECT(fenrun_money_parse("1", SIZE_MAX, TEXT("CNY"), &minor, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_money_format(-5, TEXT("CNY"), &buffer, &err) == FENRUN_OK);
    EXPECT(strcmp(buffer.data, "-0.05") == 0 && buffer.len == 5);
    fenrun_buffer_free(&buffer);
    EXPECT(buffer.data == NULL && buffer.len == 0);
    fenrun_buffer_free(&buffer);
    fenrun_buffer_free(NULL);
}

static void nulls(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = new_plan();
    fenrun_buffer buffer = {0};
    size_t len = 0;
    _Alignas(8) char raw[sizeof(int64_t) * 2] = {0};
    int64_t *crooked = (int64_t *)(void *)(raw + 1);
    fenrun_plan_free(NULL);
    fenrun_forest_free(NULL);
    fenrun_rows_free(NULL);
    fenrun_order_free(NULL);
    EXPECT(fenrun_plan_new(TEXT(PLAN), NULL, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_plan_hash(NULL, &buffer, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_plan_hash(plan, NULL, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_settle_one(NULL, TEXT(SALE), &buffer, NULL, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_settle_one(plan, TEXT(SALE), NULL, NULL, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_run(TEXT("settle_one"), NULL, TEXT("{}"), &buffer, &err) == FENRUN_MISSING_KEY);
    EXPECT(fenrun_run(TEXT("nothing"), NULL, TEXT("{}"), &buffer, &err) == FENRUN_UNKNOWN_WORD);
    EXPECT(fenrun_forest_len(NULL, &len, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_forest_new(NULL, NULL, 3, NULL, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_rows_len(NULL, &len, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_order_state(NULL, &buffer, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_money_parse(TEXT("1"), TEXT("CNY"), crooked, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(strstr(err.message, "aligned") != NULL);
    EXPECT(buffer.data == NULL);
    fenrun_plan_free(plan);
}

static void plans(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = NULL, *again = NULL;
    fenrun_buffer hash = {0}, same = {0}, json = {0};
    static char large[2 << 20];
    const char *with_float = "{\"schema\":\"fenrun.plan/1\",\"name\":\"n\",\"currency\":\"CNY\",\"rule\":[{\"id\":\"r\","
                             "\"to\":{\"up\":\"referral\"},\"pay\":{\"levels\":[0.05]}}]}";
    const char *too_much = "{\"schema\":\"fenrun.plan/1\",\"name\":\"n\",\"currency\":\"CNY\",\"rule\":[{\"id\":\"r\","
                           "\"to\":{\"up\":\"referral\"},\"pay\":{\"levels\":[\"101%\"]}}]}";
    EXPECT(fenrun_plan_new(with_float, strlen(with_float), &plan, FRESH(err)) == FENRUN_SYNTAX);
    EXPECT(strstr(err.message, "float") != NULL);
    EXPECT(fenrun_plan_new(too_much, strlen(too_much), &plan, FRESH(err)) == FENRUN_PAYS_TOO_MUCH);
    memset(large, ' ', sizeof large);
    EXPECT(fenrun_plan_new(large, sizeof large, &plan, FRESH(err)) == FENRUN_TOO_LARGE);
    EXPECT(fenrun_plan_new(TEXT(""), &plan, &err) != FENRUN_OK);
    EXPECT(plan == NULL);
    plan = new_plan();
    EXPECT(fenrun_plan_hash(plan, &hash, &err) == FENRUN_OK && hash.len == 64);
    EXPECT(fenrun_plan_json(plan, &json, &err) == FENRUN_OK);
    EXPECT(fenrun_plan_new(json.data, json.len, &again, &err) == FENRUN_OK);
    EXPECT(fenrun_plan_hash(again, &same, &err) == FENRUN_OK && strcmp(hash.data, same.data) == 0);
    fenrun_buffer_free(&json);
    EXPECT(fenrun_plan_check(plan, &json, &err) == FENRUN_OK && holds(&json, "\"total\":\"15%\""));
    fenrun_buffer_free(&hash);
    fenrun_buffer_free(&same);
    fenrun_buffer_free(&json);
    fenrun_plan_free(plan);
    fenrun_plan_free(again);
}

/* Every preset is listed, loads by its name with the hash of the list, and settles one sale. Their golden vectors,
 * vectors/presets.json among them, are answered by vectors.c. */
static void presets(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_buffer list = {0}, outcome = {0}, hash = {0};
    static const char sale[] =
        "{\"id\":1,\"buyer\":{\"id\":\"U\",\"vip\":false},\"upline\":[{\"id\":\"A\",\"distributor\":true,"
        "\"frozen\":false,\"active\":true,\"vip\":true}],\"uplines\":{\"placement\":[],\"network\":[]},"
        "\"facts\":{\"division\":false,\"self_purchase\":false,\"role_invites\":false},\"lines\":[{\"paid\":10000,"
        "\"list\":10000,\"member\":10000,\"shipping\":0,\"prize\":10000}]}";
    char name[64];
    const char *at;
    int count = 0, paying = 0;
    EXPECT(fenrun_run(TEXT("presets"), NULL, TEXT("{}"), &list, &err) == FENRUN_OK);
    for (at = list.data; at != NULL && (at = strstr(at, "\"name\":\"")) != NULL; count++) {
        fenrun_plan *plan = NULL;
        size_t length;
        at += strlen("\"name\":\"");
        length = strcspn(at, "\"");
        EXPECT(length > 0 && length < sizeof name);
        memcpy(name, at, length);
        name[length] = '\0';
        EXPECT(fenrun_plan_preset(name, length, &plan, &err) == FENRUN_OK);
        EXPECT(fenrun_plan_hash(plan, &hash, &err) == FENRUN_OK && holds(&list, hash.data));
        EXPECT(fenrun_settle_one(plan, sale, strlen(sale), &outcome, NULL, &err) == FENRUN_OK);
        paying += holds(&outcome, "\"payee\":\"A\"");
        if (strcmp(name, "crmeb") == 0 || strcmp(name, "self_buy_save_share_earn") == 0)
            EXPECT(holds(&outcome, "\"amount\":1000,") && holds(&outcome, "\"pool\":1500"));
        fenrun_buffer_free(&hash);
        fenrun_buffer_free(&outcome);
        fenrun_plan_free(plan);
    }
    EXPECT(count >= 24 && paying >= 10);
    fenrun_buffer_free(&list);
}

static void one_sale(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = new_plan();
    fenrun_buffer outcome = {0}, frozen = {0}, reversal = {0};
#define HALF "[{\"id\":\"R1\",\"lines\":[{\"line\":1,\"units\":1,\"amount\":999}]}]"
    const char empty[] = "{\"id\":1,\"buyer\":9,\"facts\":[],\"roles\":[],\"lines\":[{\"paid\":1,\"facts\":[]}]}";
    const char usd[] = "{\"id\":1,\"currency\":\"USD\",\"buyer\":9,\"lines\":[{\"paid\":1}]}";
    const char gap[] = "{\"id\":1,\"buyer\":9,\"upline\":[null,3],\"lines\":[{\"paid\":1}]}";
    const char money[] = "{\"id\":1,\"buyer\":9,\"lines\":[{\"paid\":19.98}]}";
    EXPECT(fenrun_settle_one(plan, TEXT(usd), &outcome, &frozen, &err) == FENRUN_CURRENCY_MISMATCH);
    EXPECT(fenrun_settle_one(plan, TEXT(gap), &outcome, &frozen, &err) == FENRUN_INVALID_SALE);
    EXPECT(fenrun_settle_one(plan, TEXT(money), &outcome, &frozen, &err) == FENRUN_SYNTAX);
    EXPECT(outcome.data == NULL && frozen.data == NULL);
    EXPECT(fenrun_settle_one(plan, TEXT(empty), &outcome, NULL, &err) == FENRUN_OK);
    fenrun_buffer_free(&outcome);
    EXPECT(fenrun_settle_one(plan, TEXT(SALE), &outcome, &frozen, &err) == FENRUN_OK);
    EXPECT(holds(&outcome, "\"pool\":298") && frozen.len < 4096);
    fenrun_plan_free(plan); /* a reversal does not need it */
    EXPECT(fenrun_reverse(frozen.data, frozen.len, NULL, 0,
                          TEXT("{\"id\":\"R1\",\"lines\":[{\"line\":1,\"units\":1,\"amount\":999}]}"), &reversal,
                          &err) == FENRUN_OK);
    EXPECT(holds(&reversal, "\"amount\":-100") && holds(&reversal, "\"amount\":-50"));
    fenrun_buffer_free(&reversal);
    EXPECT(fenrun_reverse(frozen.data, frozen.len, TEXT(HALF), TEXT("{\"id\":\"R2\",\"lines\":[{\"line\":1,\"units\":1,\"amount\":999}]}"),
                          &reversal, &err) == FENRUN_OK);
    EXPECT(holds(&reversal, "\"left\":[]"));
    fenrun_buffer_free(&reversal);
    EXPECT(fenrun_reverse(frozen.data, frozen.len,
                          TEXT("[{\"id\":\"R1\",\"lines\":[{\"line\":1,\"units\":2,\"amount\":1998}]}]"),
                          TEXT("{\"id\":\"R3\",\"lines\":[{\"line\":1,\"units\":1,\"amount\":0}]}"), &reversal,
                          &err) == FENRUN_OVER_REVERSED);
    /* Rows of the same refund would have the same keys; lines without their refund are no refund. */
    EXPECT(fenrun_reverse(frozen.data, frozen.len, TEXT(HALF),
                          TEXT("{\"id\":\"R1\",\"lines\":[{\"line\":1,\"units\":1,\"amount\":999}]}"), &reversal,
                          FRESH(err)) == FENRUN_OVER_REVERSED);
    EXPECT(strstr(err.message, "refund R1 ") != NULL);
    EXPECT(fenrun_reverse(frozen.data, frozen.len, TEXT("[{\"line\":1,\"units\":1,\"amount\":999}]"),
                          TEXT("{\"id\":\"R2\",\"lines\":[]}"), &reversal, FRESH(err)) == FENRUN_MISSING_KEY);
    EXPECT(strstr(err.message, "before[0]") != NULL);
    frozen.data[frozen.len / 2] ^= 1;
    EXPECT(fenrun_reverse(frozen.data, frozen.len, NULL, 0, TEXT("{\"id\":\"R1\",\"lines\":[]}"), &reversal, &err)
           == FENRUN_INVALID_FROZEN);
    EXPECT(reversal.data == NULL);
    fenrun_buffer_free(&outcome);
    fenrun_buffer_free(&frozen);
}

/* A batch over a chain of 4; what a field must not be is refused whole, with the row at fault. */
static void batches(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = new_plan();
    fenrun_forest *forest = NULL;
    fenrun_rows *rows = NULL;
    const uint64_t members[] = {1, 2, 3, 4}, inviters[] = {0, 1, 2, 3};
    const uint64_t buyers[] = {4, 2, 3}, stranger[] = {4, 2, 8}, ids[] = {10, 11, 12}, repeated[] = {10, 11, 10};
    const int64_t paid[] = {1000, 999, 2000}, negative[] = {1000, -1, 2000};
    const uint32_t units[] = {1, 0, 1}, handles[] = {1, 2, 9};
    const fenrun_component mistyped = {TEXT("prce"), paid};
    const uint64_t no_lines[][3] = {{1, 0, 1}, {1, UINT64_C(1) << 63, 1}, {1, UINT64_MAX, 1}};
    char tenant[65];
    struct {
        fenrun_orders known;
        uint64_t newer;
    } grown;
    fenrun_orders orders = {0}, empty = {0};
    uint64_t payees[5], order_ids[5];
    uint32_t levels[5], accounts[5];
    int64_t amounts[5], pool = 0, retained = 0;
    size_t len = 0, at;
    fenrun_buffer keys = {0};
    EXPECT(fenrun_forest_new(members, inviters, 4, &forest, &err) == FENRUN_OK);
    orders.size = sizeof orders;
    orders.len = 3;
    orders.buyers = buyers;
    orders.paid = paid;
    orders.ids = ids;
    empty.size = sizeof empty;
    EXPECT(fenrun_settle(plan, forest, &empty, 1, &rows, &err) == FENRUN_OK);
    EXPECT(fenrun_rows_len(rows, &len, &err) == FENRUN_OK && len == 0);
    EXPECT(fenrun_rows_copy_amount(rows, NULL, 0, &err) == FENRUN_OK);
    fenrun_rows_free(rows);
    rows = NULL;
#define REFUSED(change, wanted, row)                                                             \
    do {                                                                                         \
        fenrun_orders bad = orders;                                                              \
        change;                                                                                  \
        EXPECT(fenrun_settle(plan, forest, &bad, 1, &rows, FRESH(err)) == (wanted) && err.index == (row)); \
        EXPECT(rows == NULL);                                                                    \
    } while (0)
    REFUSED(bad.size = sizeof bad - 1, FENRUN_INVALID_ARGUMENT, FENRUN_NO_INDEX);
    REFUSED(bad.reserved = 1, FENRUN_INVALID_ARGUMENT, FENRUN_NO_INDEX);
    REFUSED(bad.buyers = NULL, FENRUN_INVALID_ARGUMENT, FENRUN_NO_INDEX);
    REFUSED(bad.buyer_handles = handles, FENRUN_INVALID_ARGUMENT, FENRUN_NO_INDEX);
    REFUSED(bad.paid = NULL, FENRUN_INVALID_ARGUMENT, FENRUN_NO_INDEX);
    REFUSED(bad.len = SIZE_MAX / 2, FENRUN_INVALID_ARGUMENT, FENRUN_NO_INDEX);
    REFUSED(bad.buyers = stranger, FENRUN_UNKNOWN_MEMBER, 2);
    REFUSED((bad.buyers = NULL, bad.buyer_handles = handles), FENRUN_UNKNOWN_MEMBER, 2);
    REFUSED(bad.ids = repeated, FENRUN_DUPLICATE_ORDER, 2);
    REFUSED(bad.paid = negative, FENRUN_INVALID_SALE, 1);
    REFUSED(bad.units = units, FENRUN_INVALID_SALE, 1);
    REFUSED((bad.overrides = handles, bad.override_table = "[{}]", bad.override_table_len = 4), FENRUN_INVALID_VALUE, 1);
    for (at = 0; at < 3; at++)
        REFUSED(bad.lines = no_lines[at], FENRUN_INVALID_ID, 1);
    REFUSED((bad.tenant = "a\nb", bad.tenant_len = 3), FENRUN_INVALID_SALE, FENRUN_NO_INDEX);
    memset(tenant, 't', sizeof tenant);
    REFUSED((bad.tenant = tenant, bad.tenant_len = 65), FENRUN_INVALID_SALE, FENRUN_NO_INDEX);
    EXPECT(strstr(err.message, "tenant") != NULL);
    REFUSED((bad.components = &mistyped, bad.components_len = 1), FENRUN_COLUMN, FENRUN_NO_INDEX);
    EXPECT(strstr(err.message, "`prce`") != NULL);
    EXPECT(fenrun_settle(plan, forest, &orders, 257, &rows, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    EXPECT(strstr(err.message, "257 threads; at most 256") != NULL);
    EXPECT(fenrun_settle(plan, forest, NULL, 1, &rows, &err) == FENRUN_INVALID_ARGUMENT);
    /* A newer header's struct passes while what it added is zero. */
    memset(&grown, 0, sizeof grown);
    grown.known = orders;
    grown.known.size = sizeof grown;
    EXPECT(fenrun_settle(plan, forest, &grown.known, 1, &rows, &err) == FENRUN_OK);
    fenrun_rows_free(rows);
    rows = NULL;
    grown.newer = 1;
    EXPECT(fenrun_settle(plan, forest, &grown.known, 1, &rows, &err) == FENRUN_INVALID_ARGUMENT && rows == NULL);

    EXPECT(fenrun_settle(plan, forest, &orders, 2, &rows, &err) == FENRUN_OK);
    /* Rows do not change with the forest, and outlive it. */
    EXPECT(fenrun_forest_join(forest, 5, 4, &err) == FENRUN_OK);
    fenrun_forest_free(forest);
    EXPECT(fenrun_rows_len(rows, &len, &err) == FENRUN_OK && len == 5);
    memset(payees, 0, sizeof payees);
    EXPECT(fenrun_rows_copy_payee(rows, payees, 4, &err) == FENRUN_INVALID_ARGUMENT && payees[0] == 0);
    EXPECT(fenrun_rows_copy_payee(rows, payees, 5, &err) == FENRUN_OK);
    EXPECT(fenrun_rows_copy_order(rows, order_ids, 5, &err) == FENRUN_OK);
    EXPECT(fenrun_rows_copy_level(rows, levels, 5, &err) == FENRUN_OK);
    EXPECT(fenrun_rows_copy_amount(rows, amounts, 5, &err) == FENRUN_OK);
    EXPECT(fenrun_rows_pool(rows, &pool, &err) == FENRUN_OK);
    EXPECT(fenrun_rows_retained(rows, TEXT("no_upline"), &retained, &err) == FENRUN_OK && retained == 49);
    EXPECT(fenrun_rows_retained(rows, TEXT("luck"), &retained, &err) == FENRUN_UNKNOWN_WORD && retained == 49);
    EXPECT(fenrun_run(TEXT("fly"), NULL, TEXT("{}"), &keys, &err) == FENRUN_UNKNOWN_WORD);
    EXPECT(strstr(err.message, "vectors/README.md lists them") != NULL);
    EXPECT(payees[0] == 3 && payees[1] == 2 && payees[2] == 1 && order_ids[2] == 11 && levels[1] == 2);
    EXPECT(amounts[0] == 100 && amounts[1] == 50 && amounts[2] == 99 && amounts[3] == 200);
    for (at = 0; at < 5; at++)
        pool -= amounts[at];
    EXPECT(pool == 49);
    EXPECT(fenrun_rows_keys(rows, &keys, &err) == FENRUN_OK && keys.len == 5 * 32);
    /* What each member gets in all; room for fewer is refused before anything is written. */
    EXPECT(fenrun_rows_totals(rows, payees, accounts, amounts, 2, &len, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    EXPECT(strstr(err.message, "has room for 2, 3 are needed") != NULL && len == 5 && amounts[2] == 99);
    EXPECT(fenrun_rows_totals(rows, payees, accounts, amounts, 5, &len, &err) == FENRUN_OK && len == 3);
    EXPECT(payees[0] == 3 && payees[1] == 2 && payees[2] == 1 && accounts[0] == 0);
    EXPECT(amounts[0] == 100 && amounts[1] == 250 && amounts[2] == 199 && amounts[3] == 200);
    EXPECT(fenrun_rows_totals(rows, NULL, accounts, amounts, 5, &len, &err) == FENRUN_INVALID_ARGUMENT);
    fenrun_buffer_free(&keys);
    fenrun_rows_free(rows);
    fenrun_plan_free(plan);
}

static int32_t apply(fenrun_order *order, const char *id, long now, const char *command, fenrun_buffer *answer,
                     fenrun_error *err) {
    char text[512];
    snprintf(text, sizeof text, "{\"order_id\":\"A1\",\"command_id\":\"%s\",\"now\":%ld,\"actor\":\"shop\",\"command\":%s}",
             id, now, command);
    fenrun_buffer_free(answer);
    return fenrun_order_apply(order, text, strlen(text), answer, err);
}

static void orders(void) {
    static const char *const path[][2] = {
        {"c1", "{\"place\":{\"currency\":\"CNY\",\"sale\":{\"buyer\":9,\"upline\":[5,3]},"
               "\"lines\":[{\"id\":1,\"units\":3,\"paid\":1000}],\"terms\":{\"window_ms\":1000}}}"},
        {"c2", "{\"capture\":{\"transaction_id\":\"t1\",\"amount\":400}}"},
        {"c3", "{\"capture\":{\"transaction_id\":\"t2\",\"amount\":600}}"},
        {"c4", "\"release\""},
        {"c5", "{\"ship\":{\"lines\":[{\"line\":1,\"units\":1}]}}"},
        {"c6", "\"ship\""},
        {"c7", "{\"deliver\":{\"lines\":[{\"line\":1,\"units\":2}]}}"},
        {"c8", "\"deliver\""},
        {"c9", "{\"refund_lines\":{\"refund_id\":\"R1\",\"lines\":[{\"line\":1,\"units\":1}]}}"},
        {"c10", "{\"refund_succeeded\":{\"refund_id\":\"R1\",\"transaction_id\":\"t3\",\"amount\":333}}"},
        {"c10", "{\"refund_succeeded\":{\"refund_id\":\"R1\",\"transaction_id\":\"t3\",\"amount\":333}}"},
    };
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_order *order = NULL, *again = NULL;
    fenrun_buffer answer = {0}, log = {0}, state = {0}, same = {0};
    size_t at;
    EXPECT(fenrun_order_new(NULL, 0, TEXT("0"), &order, &err) == FENRUN_INVALID_ID && order == NULL);
    EXPECT(fenrun_order_new(NULL, 0, TEXT("A1"), &order, &err) == FENRUN_OK);
    EXPECT(fenrun_order_sale(order, &answer, &err) == FENRUN_INVALID_SALE);
    for (at = 0; at < sizeof path / sizeof *path; at++) {
        int32_t code = apply(order, path[at][0], (long)at, path[at][1], &answer, &err);
        EXPECT(code == FENRUN_OK);
        if (code != FENRUN_OK)
            fprintf(stderr, "  %s: %s\n", path[at][1], err.message);
    }
    EXPECT(holds(&answer, "\"repeat\":true")); /* the retry of c10 */
    EXPECT(apply(order, "c10", 10, "\"release\"", &answer, &err) == FENRUN_IDEMPOTENCY_CONFLICT);
    EXPECT(apply(order, "c11", 10, "\"release\"", &answer, &err) == FENRUN_NOT_ALLOWED);
    EXPECT(apply(order, "c12", 10, "{\"grant\":1.5}", &answer, &err) == FENRUN_SYNTAX && answer.data == NULL);
    EXPECT(apply(order, "c13", 5000, "\"tick\"", &answer, &err) == FENRUN_OK);
    EXPECT(fenrun_order_state(order, &state, &err) == FENRUN_OK);
    EXPECT(holds(&state, "\"life\":\"completed\"") && holds(&state, "\"refunded\":333"));
    EXPECT(fenrun_order_events(order, 0, &log, &err) == FENRUN_OK);
    EXPECT(fenrun_order_replay(log.data, log.len, &again, &err) == FENRUN_OK);
    EXPECT(fenrun_order_state(again, &same, &err) == FENRUN_OK && strcmp(state.data, same.data) == 0);
    fenrun_buffer_free(&same);
    EXPECT(fenrun_order_events(order, 1000000, &same, &err) == FENRUN_OK && same.len == 0);
    fenrun_buffer_free(&same);
    EXPECT(fenrun_order_sale(order, &same, &err) == FENRUN_OK && holds(&same, "\"upline\":[\"5\",\"3\"]"));
    fenrun_order_free(order);
    order = NULL;
    EXPECT(fenrun_order_replay(TEXT("{}\n"), &order, FRESH(err)) == FENRUN_MISSING_KEY && err.index == 0);
    EXPECT(fenrun_order_replay(TEXT(""), &order, &err) != FENRUN_OK && order == NULL);
    fenrun_order_free(again);
    fenrun_buffer_free(&answer);
    fenrun_buffer_free(&log);
    fenrun_buffer_free(&state);
    fenrun_buffer_free(&same);
}

static void money(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    const uint64_t weights[] = {1, 1, 1}, zeros[] = {0, 0, 0};
    const int64_t caps[] = {5, 100, 100}, below[] = {5, -1, 100};
    int64_t shares[3] = {9, 9, 9}, rest = 9;
    int32_t remainder = FENRUN_ALLOCATE_LARGEST_REMAINDER;
    EXPECT(fenrun_money_allocate(100, weights, NULL, NULL, 3, remainder, 0, shares, &rest, &err) == FENRUN_OK);
    EXPECT(shares[0] == 34 && shares[1] == 33 && shares[2] == 33 && rest == 0);
    EXPECT(fenrun_money_allocate(100, weights, caps, NULL, 3, remainder, 0, shares, &rest, &err) == FENRUN_OK);
    EXPECT(shares[0] == 5 && shares[1] == 48 && shares[2] == 47 && rest == 0);
    EXPECT(fenrun_money_allocate(100, zeros, NULL, NULL, 3, remainder, 0, shares, &rest, &err) == FENRUN_ZERO_WEIGHTS);
    EXPECT(fenrun_money_allocate(100, weights, below, NULL, 3, remainder, 0, shares, &rest, &err) == FENRUN_NEGATIVE_CAP);
    EXPECT(fenrun_money_allocate(100, NULL, NULL, NULL, 0, remainder, 0, NULL, &rest, &err) == FENRUN_NO_WEIGHTS);
    EXPECT(fenrun_money_allocate(100, weights, NULL, NULL, 3, 99, 0, shares, &rest, &err) == FENRUN_UNKNOWN_WORD);
    EXPECT(fenrun_money_allocate(100, NULL, NULL, NULL, 3, remainder, 0, shares, &rest, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(shares[0] == 5 && rest == 0);
    EXPECT(fenrun_money_multiply(99, TEXT("12.5%"), FENRUN_ROUND_DOWN, shares, &err) == FENRUN_OK && shares[0] == 12);
    EXPECT(fenrun_money_multiply(99, TEXT("12.5%"), FENRUN_ROUND_UP, shares, &err) == FENRUN_OK && shares[0] == 13);
    EXPECT(fenrun_money_multiply(99, TEXT("12.5 %"), FENRUN_ROUND_UP, shares, &err) == FENRUN_INVALID_RATE);
    EXPECT(fenrun_money_multiply(INT64_MAX, TEXT("2"), FENRUN_ROUND_UP, shares, &err) == FENRUN_OVERFLOW);
    EXPECT(fenrun_money_multiply(99, TEXT("1"), 10, shares, &err) == FENRUN_UNKNOWN_WORD);
    EXPECT(fenrun_money_telescope(200, 1, 2, 3, shares, &err) == FENRUN_OK && shares[0] == 67);
    EXPECT(fenrun_money_telescope(200, 2, 1, 3, shares, &err) == FENRUN_INVALID_VALUE && shares[0] == 67);
}

/* One plan from many threads; one order from many, where each call works or is refused. */
typedef struct {
    const fenrun_plan *plan;
    fenrun_order *order;
    int wrong;
} shared;

static void *hammer(void *argument) {
    shared *mine = argument;
    int round;
    for (round = 0; round < 200; round++) {
        fenrun_error err = FENRUN_ERROR_INIT;
        fenrun_buffer outcome = {0}, state = {0};
        if (fenrun_settle_one(mine->plan, TEXT(SALE), &outcome, NULL, &err) != FENRUN_OK || !holds(&outcome, "\"pool\":298"))
            mine->wrong++;
        int32_t code = fenrun_order_state(mine->order, &state, &err);
        if (code != FENRUN_OK && code != FENRUN_INVALID_ARGUMENT)
            mine->wrong++;
        fenrun_buffer_free(&outcome);
        fenrun_buffer_free(&state);
    }
    return NULL;
}

static void threads(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = new_plan();
    fenrun_order *order = NULL;
    pthread_t started[4];
    shared mine[4];
    int at;
    EXPECT(fenrun_order_new(NULL, 0, TEXT("1"), &order, &err) == FENRUN_OK);
    for (at = 0; at < 4; at++) {
        mine[at].plan = plan;
        mine[at].order = order;
        mine[at].wrong = 0;
        EXPECT(pthread_create(&started[at], NULL, hammer, &mine[at]) == 0);
    }
    for (at = 0; at < 4; at++) {
        pthread_join(started[at], NULL);
        EXPECT(mine[at].wrong == 0);
    }
    fenrun_order_free(order);
    fenrun_plan_free(plan);
}

/* A batch on several threads leaves none behind: a child forked after it can do the same. */
static void forks(void) {
    enum { ROWS = 20000 };
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = new_plan();
    fenrun_forest *forest = NULL;
    fenrun_rows *one = NULL, *many = NULL;
    const uint64_t members[] = {1, 2, 3, 4}, inviters[] = {0, 1, 2, 3};
    uint64_t *buyers = calloc(ROWS, sizeof *buyers);
    int64_t *paid = calloc(ROWS, sizeof *paid), pool_one = 0, pool_many = 0;
    fenrun_orders orders = {0};
    int at, status = 0;
    pid_t child;
    for (at = 0; at < ROWS; at++) {
        buyers[at] = (uint64_t)(at % 4 + 1);
        paid[at] = at * 7 % 9973;
    }
    orders.size = sizeof orders;
    orders.len = ROWS;
    orders.buyers = buyers;
    orders.paid = paid;
    EXPECT(fenrun_forest_new(members, inviters, 4, &forest, &err) == FENRUN_OK);
    EXPECT(fenrun_settle(plan, forest, &orders, 1, &one, &err) == FENRUN_OK);
    EXPECT(fenrun_settle(plan, forest, &orders, 3, &many, &err) == FENRUN_OK);
    EXPECT(fenrun_rows_pool(one, &pool_one, &err) == FENRUN_OK && fenrun_rows_pool(many, &pool_many, &err) == FENRUN_OK);
    EXPECT(pool_one == pool_many && pool_one > 0);
    child = fork();
    if (child == 0) {
        fenrun_rows *rows = NULL;
        int32_t code = fenrun_settle(plan, forest, &orders, 3, &rows, &err);
        fenrun_rows_free(rows);
        fenrun_rows_free(one);
        fenrun_rows_free(many);
        fenrun_forest_free(forest);
        fenrun_plan_free(plan);
        free(buyers);
        free(paid);
        exit(code == FENRUN_OK ? 0 : 1);
    }
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fenrun_rows_free(one);
    fenrun_rows_free(many);
    fenrun_forest_free(forest);
    fenrun_plan_free(plan);
    free(buyers);
    free(paid);
}

static void *nothing(void *argument) {
    return argument;
}

/* Where the system starts no thread, the caller's own does all the work: in a child that may start none. */
static void without_threads(void) {
    enum { ROWS = 20000 };
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = new_plan();
    fenrun_forest *forest = NULL;
    const uint64_t members[] = {1, 2}, inviters[] = {0, 1};
    uint64_t *buyers = calloc(ROWS, sizeof *buyers);
    int64_t *paid = calloc(ROWS, sizeof *paid);
    fenrun_orders orders = {0};
    int at, status = 0;
    pid_t child;
    for (at = 0; at < ROWS; at++) {
        buyers[at] = 2;
        paid[at] = 100;
    }
    orders.size = sizeof orders;
    orders.len = ROWS;
    orders.buyers = buyers;
    orders.paid = paid;
    EXPECT(fenrun_forest_new(members, inviters, 2, &forest, &err) == FENRUN_OK);
    child = fork();
    if (child == 0) {
        const struct rlimit none = {1, 1};
        pthread_t thread;
        fenrun_rows *rows = NULL;
        int64_t pool = 0;
        int wrong = 0;
        /* The limit does not hold for root. */
        if (setrlimit(RLIMIT_NPROC, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0))
            wrong = 1;
        else if (pthread_create(&thread, NULL, nothing, NULL) == 0)
            wrong = 2;
        else if (fenrun_settle(plan, forest, &orders, 4, &rows, &err) != FENRUN_OK)
            wrong = 3;
        else if (fenrun_rows_pool(rows, &pool, &err) != FENRUN_OK || pool != ROWS * (10 + 5))
            wrong = 4;
        fenrun_rows_free(rows);
        fenrun_forest_free(forest);
        fenrun_plan_free(plan);
        free(buyers);
        free(paid);
        exit(wrong);
    }
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    EXPECT(WEXITSTATUS(status) == 0);
    fenrun_forest_free(forest);
    fenrun_plan_free(plan);
    free(buyers);
    free(paid);
}

int main(void) {
    layout();
    versions();
    errors();
    texts();
    nulls();
    plans();
    presets();
    one_sale();
    batches();
    orders();
    money();
    threads();
    forks();
    without_threads();
    return counted();
}
