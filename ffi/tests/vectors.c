/* Answers golden vectors through the calls a C user makes. Reads the lines of
 * `xtask vectors flatten` from stdin and writes `id, ok or error, answer`, for `xtask vectors compare`.
 * It knows no case; what it answers is compared elsewhere. */
#define _POSIX_C_SOURCE 200809L
#include "fenrun.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fields of a line that are still to be taken. */
typedef struct {
    char *rest;
} fields;

static char *take(fields *f) {
    char *field = f->rest, *tab;
    if (field == NULL) {
        fprintf(stderr, "a line ends too early\n");
        exit(2);
    }
    tab = strchr(field, '\t');
    f->rest = tab == NULL ? NULL : tab + 1;
    if (tab != NULL)
        *tab = '\0';
    return field;
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return memory;
}

/* Reads numbers separated by commas; NULL for a column that is not there. */
static int64_t *numbers(const char *text, size_t *len) {
    size_t count = 1, at;
    int64_t *values;
    const char *c;
    char *end;
    if (strcmp(text, "-") == 0)
        return NULL;
    for (c = text; *c != '\0'; c++)
        count += *c == ',';
    *len = *text == '\0' ? 0 : count;
    values = allocate(*len, sizeof *values);
    for (at = 0; at < *len; at++) {
        values[at] = strtoll(text, &end, 10);
        text = end + 1;
    }
    return values;
}

/* The same numbers in another width. */
#define NARROW(type, name)                                                  \
    static type *name(const int64_t *values, size_t len) {                  \
        type *narrow = values == NULL ? NULL : allocate(len, sizeof(type)); \
        size_t at;                                                          \
        for (at = 0; narrow != NULL && at < len; at++)                      \
            narrow[at] = (type)values[at];                                  \
        return narrow;                                                      \
    }
NARROW(uint8_t, narrow_u8)
NARROW(uint32_t, narrow_u32)

static void print_numbers(const int64_t *values, size_t len) {
    size_t at;
    for (at = 0; at < len; at++)
        printf("%s%" PRId64, at == 0 ? "" : ",", values[at]);
}

/* Prints a text answer, or the error. */
static void finish(int32_t code, fenrun_buffer *answer) {
    if (code == 0)
        printf("ok\t%s\n", answer->data);
    else
        printf("error\t%s\n", fenrun_error_name(code));
    fenrun_buffer_free(answer);
}

static int32_t open_plan(const char *text, fenrun_plan **plan, fenrun_error *err) {
    if (strcmp(text, "-") == 0)
        return 0;
    if (text[0] == '{')
        return fenrun_plan_new(text, strlen(text), plan, err);
    return fenrun_plan_preset(text, strlen(text), plan, err);
}

static void run(fields *f, const fenrun_plan *plan, fenrun_error *err) {
    fenrun_buffer answer = {0};
    const char *operation = take(f), *input = take(f);
    finish(fenrun_run(operation, strlen(operation), plan, input, strlen(input), &answer, err), &answer);
}

static void parse_money(fields *f, fenrun_error *err) {
    const char *text = take(f), *currency = take(f);
    fenrun_buffer formatted = {0};
    int64_t minor = 0;
    int32_t code = fenrun_money_parse(text, strlen(text), currency, strlen(currency), &minor, err);
    if (code == 0)
        code = fenrun_money_format(minor, currency, strlen(currency), &formatted, err);
    if (code == 0)
        printf("ok\t{\"minor\":%" PRId64 ",\"text\":\"%s\"}\n", minor, formatted.data);
    else
        printf("error\t%s\n", fenrun_error_name(code));
    fenrun_buffer_free(&formatted);
}

static void allocate_shares(fields *f, fenrun_error *err) {
    size_t len = 0, same = 0;
    int64_t total = strtoll(take(f), NULL, 10), unallocated = 0;
    int32_t mode = atoi(take(f)), rounding = atoi(take(f)), code;
    int64_t *weights = numbers(take(f), &len), *caps = numbers(take(f), &same), *ids = numbers(take(f), &same);
    int64_t *shares = allocate(len, sizeof *shares);
    code = fenrun_money_allocate(total, (const uint64_t *)weights, caps, (const uint64_t *)ids, len, mode,
                                 rounding, shares, &unallocated, err);
    if (code == 0) {
        printf("ok\t{\"shares\":[");
        print_numbers(shares, len);
        printf("],\"unallocated\":%" PRId64 "}\n", unallocated);
    } else {
        printf("error\t%s\n", fenrun_error_name(code));
    }
    free(weights);
    free(caps);
    free(ids);
    free(shares);
}

static void settle_one(fields *f, const fenrun_plan *plan, fenrun_error *err) {
    fenrun_buffer outcome = {0};
    const char *sale = take(f);
    finish(fenrun_settle_one(plan, sale, strlen(sale), &outcome, NULL, err), &outcome);
}

/* Settles, then reverses every refund on the frozen text alone; the answers as a JSON list. */
static void reverse(fields *f, const fenrun_plan *plan, fenrun_error *err) {
    fenrun_buffer outcome = {0}, frozen = {0}, reversal = {0};
    const char *sale = take(f);
    char *list = allocate(1 << 20, 1);
    size_t used = 0;
    int32_t code = fenrun_settle_one(plan, sale, strlen(sale), &outcome, &frozen, err);
    fenrun_buffer_free(&outcome);
    while (code == 0 && f->rest != NULL) {
        const char *before = take(f), *refund = take(f);
        code = fenrun_reverse(frozen.data, frozen.len, before, strlen(before), refund, strlen(refund),
                              &reversal, err);
        if (code == 0 && used + reversal.len + 2 < 1 << 20)
            used += (size_t)sprintf(list + used, "%s%s", used == 0 ? "" : ",", reversal.data);
        fenrun_buffer_free(&reversal);
    }
    if (code == 0)
        printf("ok\t[%s]\n", list);
    else
        printf("error\t%s\n", fenrun_error_name(code));
    fenrun_buffer_free(&frozen);
    free(list);
}

static int32_t read_forest(fields *f, fenrun_forest **forest, fenrun_error *err) {
    size_t len = 0, same = 0, facts;
    int64_t *members = numbers(take(f), &len), *inviters = numbers(take(f), &same);
    int64_t *ranks = numbers(take(f), &same);
    const char *names = take(f);
    uint8_t *codes = narrow_u8(ranks, len);
    int32_t code = fenrun_forest_new((const uint64_t *)members, (const uint64_t *)inviters, len, forest, err);
    if (code == 0 && codes != NULL)
        code = fenrun_forest_set_rank(*forest, codes, len, names, strlen(names), err);
    for (facts = strtoul(take(f), NULL, 10); facts > 0; facts--) {
        const char *name = take(f), *kind = take(f);
        int64_t *values = numbers(take(f), &same);
        const char *words = take(f);
        uint8_t *flags = narrow_u8(values, same);
        uint32_t *places = narrow_u32(values, same);
        if (code == 0 && *kind == 'f')
            code = fenrun_forest_set_flag(*forest, name, strlen(name), flags, same, err);
        if (code == 0 && *kind == 'n')
            code = fenrun_forest_set_number(*forest, name, strlen(name), values, same, err);
        if (code == 0 && *kind == 't')
            code = fenrun_forest_set_text(*forest, name, strlen(name), places, same, words, strlen(words), err);
        free(flags);
        free(places);
        free(values);
    }
    free(codes);
    free(members);
    free(inviters);
    free(ranks);
    return code;
}

static int32_t read_orders_and_settle(fields *f, const fenrun_plan *plan, const fenrun_forest *forest,
                                      int32_t code, fenrun_rows **rows, fenrun_error *err) {
    size_t len = 0, same = 0, at;
    int64_t *ids = numbers(take(f), &len), *buyers = numbers(take(f), &same), *lines = numbers(take(f), &same);
    int64_t *wide_units = numbers(take(f), &same), *paid = numbers(take(f), &same), *wide;
    uint32_t *units = narrow_u32(wide_units, len), *overrides;
    fenrun_component components[16] = {{0}};
    fenrun_orders orders = {0};
    orders.size = sizeof orders;
    orders.len = len;
    orders.ids = (const uint64_t *)ids;
    orders.buyers = (const uint64_t *)buyers;
    orders.lines = (const uint64_t *)lines;
    orders.units = units;
    orders.paid = paid;
    orders.components = components;
    orders.components_len = strtoul(take(f), NULL, 10);
    for (at = 0; at < orders.components_len && at < 16; at++) {
        components[at].name = take(f);
        components[at].name_len = strlen(components[at].name);
        components[at].values = numbers(take(f), &same);
    }
    wide = numbers(take(f), &same);
    overrides = narrow_u32(wide, len);
    orders.overrides = overrides;
    orders.override_table = take(f);
    orders.override_table_len = strlen(orders.override_table);
    if (code == 0)
        code = fenrun_settle(plan, forest, &orders, 1, rows, err);
    for (at = 0; at < orders.components_len; at++)
        free((void *)components[at].values);
    free(ids);
    free(buyers);
    free(lines);
    free(wide_units);
    free(units);
    free(paid);
    free(wide);
    free(overrides);
    return code;
}

static int32_t print_rows(const fenrun_rows *rows, fenrun_error *err) {
    static const char *reasons[] = {"not_applicable", "no_upline", "ineligible", "blocked",  "unreached_rank",
                                    "tail",           "rounding",  "below_minimum", "cap_payee", "cap_rule",
                                    "cap_plan",       "flush",     "no_payee"};
    size_t len = 0, at, written = 0;
    int64_t pool = 0, *amounts, retained;
    uint64_t *orders, *lines, *payees;
    uint32_t *rules, *levels;
    fenrun_buffer keys = {0}, rule = {0};
    int32_t code = fenrun_rows_len(rows, &len, err);
    orders = allocate(len, sizeof *orders);
    lines = allocate(len, sizeof *lines);
    payees = allocate(len, sizeof *payees);
    rules = allocate(len, sizeof *rules);
    levels = allocate(len, sizeof *levels);
    amounts = allocate(len, sizeof *amounts);
    code = code ? code : fenrun_rows_pool(rows, &pool, err);
    code = code ? code : fenrun_rows_keys(rows, &keys, err);
    code = code ? code : fenrun_rows_copy_order(rows, orders, len, err);
    code = code ? code : fenrun_rows_copy_line(rows, lines, len, err);
    code = code ? code : fenrun_rows_copy_payee(rows, payees, len, err);
    code = code ? code : fenrun_rows_copy_rule(rows, rules, len, err);
    code = code ? code : fenrun_rows_copy_level(rows, levels, len, err);
    code = code ? code : fenrun_rows_copy_amount(rows, amounts, len, err);
    if (code == 0) {
        printf("ok\t{\"pool\":%" PRId64 ",\"rows\":[", pool);
        for (at = 0; at < len && code == 0; at++) {
            code = fenrun_rows_rule(rows, rules[at], &rule, err);
            printf("%s{\"key\":\"%.32s\",\"sale\":\"%" PRIu64 "\",\"payee\":\"%" PRIu64 "\",\"rule\":\"%s\"",
                   at == 0 ? "" : ",", keys.data + 32 * at, orders[at], payees[at], rule.data);
            printf(",\"level\":%" PRIu32 ",\"amount\":%" PRId64, levels[at], amounts[at]);
            if (lines[at] == 0)
                printf(",\"line\":null}");
            else
                printf(",\"line\":\"%" PRIu64 "\"}", lines[at]);
            fenrun_buffer_free(&rule);
        }
        printf("],\"retained\":[");
        for (at = 0; at < sizeof reasons / sizeof *reasons && code == 0; at++) {
            code = fenrun_rows_retained(rows, reasons[at], strlen(reasons[at]), &retained, err);
            if (retained != 0)
                printf("%s{\"reason\":\"%s\",\"amount\":%" PRId64 "}", written++ == 0 ? "" : ",", reasons[at],
                       retained);
        }
        printf("]}\n");
    }
    fenrun_buffer_free(&keys);
    free(orders);
    free(lines);
    free(payees);
    free(rules);
    free(levels);
    free(amounts);
    return code;
}

static void settle(fields *f, const fenrun_plan *plan, fenrun_error *err) {
    fenrun_forest *forest = NULL;
    fenrun_rows *rows = NULL;
    int32_t code = read_forest(f, &forest, err);
    code = read_orders_and_settle(f, plan, forest, code, &rows, err);
    /* Rows stay valid without the forest they were settled over. */
    fenrun_forest_free(forest);
    if (code == 0)
        code = print_rows(rows, err);
    if (code != 0)
        printf("error\t%s\n", fenrun_error_name(code));
    fenrun_rows_free(rows);
}

static void answer(fields *f) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan *plan = NULL;
    fenrun_buffer report = {0};
    const char *id = take(f), *call = take(f);
    int32_t code = open_plan(take(f), &plan, &err);
    printf("%s\t", id);
    if (code != 0)
        printf("error\t%s\n", fenrun_error_name(code));
    else if (strcmp(call, "allocate") == 0)
        allocate_shares(f, &err);
    else if (strcmp(call, "parse_money") == 0)
        parse_money(f, &err);
    else if (strcmp(call, "settle_one") == 0)
        settle_one(f, plan, &err);
    else if (strcmp(call, "reverse") == 0)
        reverse(f, plan, &err);
    else if (strcmp(call, "settle") == 0)
        settle(f, plan, &err);
    else if (strcmp(call, "check") == 0)
        finish(fenrun_plan_check(plan, &report, &err), &report);
    else
        run(f, plan, &err);
    fenrun_plan_free(plan);
}

int main(void) {
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;
    while ((len = getline(&line, &capacity, stdin)) > 0) {
        fields f;
        if (line[len - 1] == '\n')
            line[len - 1] = '\0';
        f.rest = line;
        answer(&f);
    }
    free(line);
    return 0;
}
