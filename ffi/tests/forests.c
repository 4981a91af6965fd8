/* Forests and what comes of them, held against the library: bad columns, files and their journals, ids that are texts,
 * and images of links. */
#include "check.h"
#include <stdlib.h>
#include <unistd.h>

static void forests(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_forest *forest = NULL;
    const uint64_t members[] = {4, 3, 2, 1}, inviters[] = {3, 2, 1, 0};
    const uint64_t cycle[] = {3, 2, 4, 0}, unknown[] = {3, 9, 1, 0}, own[] = {3, 3, 1, 0};
    const uint64_t twice[] = {4, 3, 4, 1}, zero[] = {4, 3, 2, 0}, large[] = {4, 3, 2, (uint64_t)1 << 63};
    const uint64_t roots[] = {3, 2, 0, 0};
    const uint8_t flags[] = {1, 0, 2, 1}, ranks[] = {0, 1, 2, 0};
    uint64_t upline[4] = {0}, all[5] = {0};
    uint32_t handles[2] = {0};
    size_t len = 0;
    EXPECT(fenrun_forest_new(members, cycle, 4, &forest, FRESH(err)) == FENRUN_CYCLE && err.index == 2);
    EXPECT(fenrun_forest_new(members, own, 4, &forest, FRESH(err)) == FENRUN_SELF_REFERRAL && err.index == 1);
    EXPECT(fenrun_forest_new(members, unknown, 4, &forest, FRESH(err)) == FENRUN_UNKNOWN_MEMBER && err.index == 1);
    EXPECT(fenrun_forest_new(twice, inviters, 4, &forest, FRESH(err)) == FENRUN_DUPLICATE_MEMBER && err.index == 2);
    EXPECT(fenrun_forest_new(zero, roots, 4, &forest, FRESH(err)) == FENRUN_INVALID_ID && err.index == 3);
    EXPECT(fenrun_forest_new(large, roots, 4, &forest, FRESH(err)) == FENRUN_INVALID_ID && err.index == 3);
    EXPECT(fenrun_forest_new(members, inviters, SIZE_MAX / 4, &forest, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    EXPECT(forest == NULL);
    EXPECT(fenrun_forest_new(NULL, NULL, 0, &forest, &err) == FENRUN_OK);
    fenrun_forest_free(forest);
    EXPECT(fenrun_forest_new(members, inviters, 4, &forest, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_len(forest, &len, &err) == FENRUN_OK && len == 4);
    EXPECT(fenrun_forest_upline(forest, 4, upline, 4, &len, &err) == FENRUN_OK && len == 3);
    EXPECT(upline[0] == 3 && upline[1] == 2 && upline[2] == 1);
    EXPECT(fenrun_forest_upline(forest, 4, upline, 1, &len, &err) == FENRUN_OK && len == 1);
    EXPECT(fenrun_forest_resolve(forest, twice, 2, handles, &err) == FENRUN_OK && handles[0] != handles[1]);
    EXPECT(fenrun_forest_resolve(forest, zero + 2, 2, handles, FRESH(err)) == FENRUN_UNKNOWN_MEMBER && err.index == 1);
    EXPECT(fenrun_forest_bind(forest, 1, 4, &err) == FENRUN_CYCLE);
    EXPECT(fenrun_forest_bind(forest, 3, 1, &err) == FENRUN_ALREADY_BOUND);
    EXPECT(fenrun_forest_join(forest, 5, 4, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_join(forest, 5, 4, &err) == FENRUN_DUPLICATE_MEMBER);
    /* In the order of the rows, as columns are. */
    EXPECT(fenrun_forest_members(forest, all, 4, FRESH(err)) == FENRUN_INVALID_ARGUMENT && all[0] == 0);
    EXPECT(strstr(err.message, "has room for 4, 5 are needed") != NULL);
    EXPECT(fenrun_forest_members(forest, all, 5, &err) == FENRUN_OK && all[0] == 4 && all[3] == 1 && all[4] == 5);
    EXPECT(fenrun_forest_set_flag(forest, TEXT("active"), flags, 4, &err) == FENRUN_LENGTH_MISMATCH);
    fenrun_forest_free(forest);
    EXPECT(fenrun_forest_new(members, inviters, 4, &forest, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_set_flag(forest, TEXT("active"), flags, 4, FRESH(err)) == FENRUN_INVALID_VALUE && err.index == 2);
    EXPECT(fenrun_forest_set_rank(forest, ranks, 4, TEXT("[\"V1\"]"), FRESH(err)) == FENRUN_INVALID_VALUE && err.index == 2);
    EXPECT(fenrun_forest_set_rank(forest, ranks, 4, TEXT("[\"V1\", 2]"), &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_forest_set_rank(forest, ranks, 4, TEXT("[\"V1\", \"V1\"]"), FRESH(err)) == FENRUN_INVALID_VALUE);
    EXPECT(strstr(err.message, "`V1` stands twice") != NULL);
    EXPECT(fenrun_forest_set_rank(forest, ranks, 4, TEXT("[\"V1\", \"V2\"]"), &err) == FENRUN_OK);
    for (len = 0; len < 3; len++) {
        static const char *const taken[] = {"", "id", "rank"};
        EXPECT(fenrun_forest_set_number(forest, taken[len], strlen(taken[len]), (const int64_t[4]){0}, 4, FRESH(err))
               == FENRUN_INVALID_VALUE);
        EXPECT(strstr(err.message, taken[len]) != NULL);
    }
    fenrun_forest_free(forest);
}

/* Ids that are texts, in memory and in a file; changes are documents. */
static void texts_as_ids(const char *path) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_forest *made = NULL, *forest = NULL;
    fenrun_buffer id = {0};
    uint64_t number = 0, upline[4] = {0};
    size_t len = 0;
    EXPECT(fenrun_forest_new(NULL, NULL, 0, &made, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_append(made, TEXT("{\"join\": [\"ann\", null]}"), &err) == FENRUN_OK);
    EXPECT(fenrun_forest_save(made, path, strlen(path), &err) == FENRUN_OK);
    EXPECT(fenrun_forest_open(path, strlen(path), &forest, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_append(forest, TEXT("{\"join\": [\"bob\", \"ann\"], \"from\": 5}"), &err) == FENRUN_OK);
    EXPECT(fenrun_forest_append(forest, TEXT("{\"join\": [\"bob\", \"ann\"]}"), &err) == FENRUN_DUPLICATE_MEMBER);
    EXPECT(fenrun_forest_append(forest, TEXT("{\"leave\": \"bob\"}"), &err) == FENRUN_UNKNOWN_WORD);
    EXPECT(fenrun_forest_find(forest, TEXT("bob"), &number, &err) == FENRUN_OK && number == 2);
    EXPECT(fenrun_forest_find(forest, TEXT("eve"), &number, &err) == FENRUN_UNKNOWN_MEMBER);
    EXPECT(fenrun_forest_upline(forest, 2, upline, 4, &len, &err) == FENRUN_OK && len == 1 && upline[0] == 1);
    EXPECT(fenrun_forest_id(forest, upline[0], &id, &err) == FENRUN_OK && id.len == 3 && memcmp(id.data, "ann", 3) == 0);
    fenrun_buffer_free(&id);
    EXPECT(fenrun_forest_id(forest, 9, &id, &err) == FENRUN_UNKNOWN_MEMBER);
    fenrun_forest_free(made);
    fenrun_forest_free(forest);
}

/* Texts in, texts out: a batch over a forest whose ids are texts, and who is paid when the forest is gone. */
static void texts_in_batches(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_forest *forest = NULL, *none = NULL;
    fenrun_plan *plan = new_plan();
    fenrun_rows *rows = NULL;
    fenrun_orders orders = {0};
    fenrun_buffer ids = {0};
    /* Members cy, bo, ann: cy is below bo, bo below ann. */
    const char members[] = "cyboann", inviters[] = "boann";
    const uint64_t member_ends[] = {2, 4, 7}, inviter_ends[] = {2, 5, 5};
    const uint64_t ring_ends[] = {2, 4, 4}, gap_ends[] = {2, 1, 5};
    const uint64_t asked[] = {3, 0, 1}, strange[] = {1, 9}, eve_ends[] = {2, 5}, cut_ends[] = {1, 3};
    const int64_t paid[] = {1000, 500};
    uint64_t found[3] = {0}, ends[3] = {0};
    uint8_t yes = 9;
    size_t len = 0;
    EXPECT(fenrun_forest_new_texts("bocyann", member_ends, "cybo", ring_ends, 3, &none, FRESH(err)) == FENRUN_CYCLE);
    EXPECT(err.index == 1 && strstr(err.message, "the inviter bo of member cy") != NULL);
    EXPECT(fenrun_forest_new_texts(members, gap_ends, inviters, inviter_ends, 3, &none, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    EXPECT(err.index == 1 && strstr(err.message, "member_ends") != NULL);
    EXPECT(fenrun_forest_new_texts("\xE5\x88\x86", gap_ends + 1, "", ring_ends, 1, &none, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_forest_new_texts(NULL, NULL, NULL, NULL, 0, &none, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_has_texts(none, &yes, &err) == FENRUN_OK && yes == 0);
    EXPECT(fenrun_forest_ids(none, NULL, 0, &ids, NULL, &err) == FENRUN_OK && ids.len == 0);
    fenrun_buffer_free(&ids);
    fenrun_forest_free(none);
    EXPECT(fenrun_forest_new_texts(members, member_ends, inviters, inviter_ends, 3, &forest, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_has_texts(forest, &yes, &err) == FENRUN_OK && yes == 1);
    EXPECT(fenrun_forest_ids(forest, asked, 3, &ids, ends, &err) == FENRUN_OK);
    EXPECT(ids.len == 5 && memcmp(ids.data, "anncy", 5) == 0 && ends[0] == 3 && ends[1] == 3 && ends[2] == 5);
    fenrun_buffer_free(&ids);
    EXPECT(fenrun_forest_ids(forest, strange, 2, &ids, ends, FRESH(err)) == FENRUN_UNKNOWN_MEMBER && err.index == 1);
    EXPECT(fenrun_forest_find_all(forest, "cyeve", eve_ends, 2, found, FRESH(err)) == FENRUN_UNKNOWN_MEMBER);
    EXPECT(err.index == 1 && strstr(err.message, "eve") != NULL && found[0] == 0);
    EXPECT(fenrun_forest_find_all(forest, "\xE5\x88\x86", cut_ends, 2, found, FRESH(err)) == FENRUN_INVALID_ARGUMENT);
    EXPECT(err.index == 0 && strstr(err.message, "inside of a character") != NULL);
    EXPECT(fenrun_forest_find_all(forest, members, member_ends, 2, found, &err) == FENRUN_OK);
    orders.size = sizeof orders;
    orders.len = 2;
    orders.buyers = found;
    orders.paid = paid;
    EXPECT(fenrun_settle(plan, forest, &orders, 1, &rows, &err) == FENRUN_OK);
    fenrun_forest_free(forest);
    fenrun_plan_free(plan);
    EXPECT(fenrun_rows_has_texts(rows, &yes, &err) == FENRUN_OK && yes == 1);
    EXPECT(fenrun_rows_len(rows, &len, &err) == FENRUN_OK && len == 3);
    EXPECT(fenrun_rows_copy_payee(rows, found, 3, &err) == FENRUN_OK);
    EXPECT(fenrun_rows_ids(rows, found, 3, &ids, ends, &err) == FENRUN_OK);
    EXPECT(ids.len == 8 && memcmp(ids.data, "boannann", 8) == 0 && ends[0] == 2 && ends[2] == 8);
    fenrun_buffer_free(&ids);
    EXPECT(fenrun_rows_ids(rows, strange, 2, &ids, ends, FRESH(err)) == FENRUN_UNKNOWN_MEMBER && err.index == 1);
    EXPECT(fenrun_rows_ids(rows, NULL, 2, &ids, ends, &err) == FENRUN_INVALID_ARGUMENT);
    fenrun_rows_free(rows);
}

/* What was: the inviters of a member, and the upline of a moment, also of an account that went since. */
static void moments(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_forest *forest = NULL;
    const uint64_t members[] = {1, 2, 4, 5}, inviters[] = {0, 1, 0, 4};
    uint64_t ids[4] = {0};
    int64_t from[4] = {0};
    size_t len = 9;
    EXPECT(fenrun_forest_new(members, inviters, 4, &forest, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_history(forest, 2, from, ids, 4, &len, &err) == FENRUN_OK);
    EXPECT(len == 1 && from[0] == INT64_MIN && ids[0] == 1);
    EXPECT(fenrun_forest_append(forest, TEXT("{\"rebind\": [2, 4], \"from\": 1000}"), &err) == FENRUN_OK);
    EXPECT(fenrun_forest_append(forest, TEXT("{\"merge\": [5, 2], \"from\": 2000}"), &err) == FENRUN_OK);
    EXPECT(fenrun_forest_history(forest, 2, from, ids, 4, &len, &err) == FENRUN_OK && len == 3);
    EXPECT(from[0] == INT64_MIN && from[1] == 1000 && from[2] == 2000 && ids[0] == 1 && ids[1] == 4 && ids[2] == 0);
    from[1] = 7;
    EXPECT(fenrun_forest_history(forest, 2, from, ids, 1, &len, &err) == FENRUN_OK && len == 3 && from[1] == 7);
    EXPECT(fenrun_forest_history(forest, 2, NULL, NULL, 0, &len, &err) == FENRUN_OK && len == 3);
    EXPECT(fenrun_forest_history(forest, 9, from, ids, 4, &len, &err) == FENRUN_UNKNOWN_MEMBER && len == 3);
    EXPECT(fenrun_forest_history(forest, 2, NULL, ids, 4, &len, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_forest_upline_at(forest, 2, 999, ids, 4, &len, &err) == FENRUN_OK && len == 1 && ids[0] == 1);
    EXPECT(fenrun_forest_upline_at(forest, 2, 1000, ids, 4, &len, &err) == FENRUN_OK && len == 1 && ids[0] == 4);
    EXPECT(fenrun_forest_upline(forest, 2, ids, 4, &len, &err) == FENRUN_OK && len == 1 && ids[0] == 4);
    EXPECT(fenrun_forest_upline_at(forest, 2, 999, ids, 0, &len, &err) == FENRUN_OK && len == 0);
    EXPECT(fenrun_forest_upline_at(forest, 9, 999, ids, 4, &len, &err) == FENRUN_UNKNOWN_MEMBER);
    fenrun_forest_free(forest);
}

/* Teams stay as they were when they were asked for, also when the forest went on, or is gone. */
static void teams(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_forest *forest = NULL;
    fenrun_teams *teams = NULL;
    const uint64_t members[] = {40, 30, 20, 10}, inviters[] = {20, 20, 10, 0};
    const int64_t own[] = {4000, 300, 20, 1}, large[] = {INT64_MAX, 1, 0, 0};
    int64_t sums[4] = {0};
    uint64_t ids[4] = {0};
    uint32_t depth = 9;
    uint8_t yes = 9;
    size_t len = 9;
    EXPECT(fenrun_forest_new(members, inviters, 4, &forest, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_team_volumes(forest, own, 4, sums, &err) == FENRUN_OK);
    EXPECT(sums[0] == 4000 && sums[1] == 300 && sums[2] == 4320 && sums[3] == 4321);
    EXPECT(fenrun_forest_team_volumes(forest, large, 4, sums, &err) == FENRUN_OVERFLOW && sums[0] == 4000);
    EXPECT(fenrun_forest_team_volumes(forest, own, 3, sums, &err) == FENRUN_LENGTH_MISMATCH);
    EXPECT(fenrun_teams_new(NULL, &teams, &err) == FENRUN_INVALID_ARGUMENT && teams == NULL);
    EXPECT(fenrun_teams_new(forest, &teams, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_join(forest, 50, 40, &err) == FENRUN_OK);
    fenrun_forest_free(forest);
    EXPECT(fenrun_teams_is_above(teams, 10, 40, &yes, &err) == FENRUN_OK && yes == 1);
    EXPECT(fenrun_teams_is_above(teams, 40, 10, &yes, &err) == FENRUN_OK && yes == 0);
    EXPECT(fenrun_teams_is_above(teams, 10, 50, &yes, &err) == FENRUN_UNKNOWN_MEMBER);
    EXPECT(fenrun_teams_depth(teams, 30, &depth, &err) == FENRUN_OK && depth == 2);
    EXPECT(fenrun_teams_depth(teams, 0, &depth, &err) == FENRUN_UNKNOWN_MEMBER && depth == 2);
    EXPECT(fenrun_teams_size(teams, 10, &len, &err) == FENRUN_OK && len == 3);
    EXPECT(fenrun_teams_size(teams, 0, &len, &err) == FENRUN_OK && len == 4);
    EXPECT(fenrun_teams_page(teams, 10, 1, ids, 4, &len, &err) == FENRUN_OK && len == 2 && ids[0] == 40 && ids[1] == 30);
    EXPECT(fenrun_teams_page(teams, 10, 0, ids, 1, &len, &err) == FENRUN_OK && len == 1 && ids[0] == 20);
    EXPECT(fenrun_teams_page(teams, 10, SIZE_MAX, ids, 4, &len, &err) == FENRUN_OK && len == 0);
    EXPECT(fenrun_teams_page(teams, 50, 0, ids, 4, &len, &err) == FENRUN_UNKNOWN_MEMBER);
    EXPECT(fenrun_teams_below(teams, 20, 0, ids, 4, &len, &err) == FENRUN_OK && len == 2 && ids[0] == 40 && ids[1] == 30);
    EXPECT(fenrun_teams_below(teams, 0, 0, ids, 4, &len, &err) == FENRUN_OK && len == 1 && ids[0] == 10);
    EXPECT(fenrun_teams_below(teams, 20, 1, NULL, 4, &len, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_teams_generations(teams, 10, ids, 4, &len, &err) == FENRUN_OK && len == 2 && ids[0] == 1 && ids[1] == 2);
    EXPECT(fenrun_teams_generations(teams, 10, NULL, 0, &len, &err) == FENRUN_OK && len == 2);
    fenrun_teams_free(teams);
    fenrun_teams_free(NULL);
}

/* Images: their format, and what is refused. That a camera reads them is tested where they are drawn. */
static void qr_images(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_buffer image = {0};
    static char wide[2400];
    memset(wide, 'a', sizeof wide);
    EXPECT(strstr(fenrun_features(), "qr") != NULL);
    EXPECT(fenrun_qr_draw(TEXT("https://shop.example/?s=AQ"), NULL, 0, &image, &err) == FENRUN_OK);
    EXPECT(strncmp(image.data, "<svg ", 5) == 0 && holds(&image, "</svg>") && strlen(image.data) == image.len);
    fenrun_buffer_free(&image);
    EXPECT(fenrun_qr_draw(TEXT("1"), TEXT("{\"format\": \"png\", \"module\": 2, \"margin\": 0}"), &image, &err) == FENRUN_OK);
    /* The width and height of the header: 21 squares of two dots. */
    EXPECT(image.len > 24 && memcmp(image.data, "\x89PNG\r\n\x1a\n", 8) == 0);
    EXPECT(memcmp(image.data + 16, "\0\0\0\x2a\0\0\0\x2a", 8) == 0);
    fenrun_buffer_free(&image);
    EXPECT(fenrun_qr_draw(wide, 2332, NULL, 0, &image, FRESH(err)) == FENRUN_TOO_LARGE && image.data == NULL);
    EXPECT(strstr(err.message, "2332 bytes") != NULL && strstr(err.message, "at most 2331") != NULL);
    EXPECT(fenrun_qr_draw(wide, 2332, TEXT("{\"correction\": \"low\"}"), &image, &err) == FENRUN_OK);
    fenrun_buffer_free(&image);
    EXPECT(fenrun_qr_draw(NULL, 0, NULL, 0, &image, &err) == FENRUN_INVALID_VALUE);
    EXPECT(fenrun_qr_draw(TEXT("1"), TEXT("{\"format\": \"gif\"}"), &image, &err) == FENRUN_UNKNOWN_WORD);
    EXPECT(fenrun_qr_draw(TEXT("1"), NULL, 0, NULL, &err) == FENRUN_INVALID_ARGUMENT);
}

/* A forest on disk: a worker that mapped it follows what another one put into its journal. */
static void saved_forests(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_forest *made = NULL, *writer = NULL, *reader = NULL, *none = NULL;
    const uint64_t members[] = {4, 3, 2, 1}, inviters[] = {3, 2, 1, 0};
    uint64_t upline[8] = {0};
    char path[64], journal[80], lock[80];
    uint8_t yes = 9;
    size_t len = 0;
    FILE *file;
    snprintf(path, sizeof path, "/tmp/fenrun-abi-%ld.forest", (long)getpid());
    snprintf(journal, sizeof journal, "%s.journal", path);
    snprintf(lock, sizeof lock, "%s.lock", path);
    EXPECT(fenrun_forest_open(path, strlen(path), &none, &err) == FENRUN_FILE);
    EXPECT(fenrun_forest_new(members, inviters, 4, &made, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_save(made, path, strlen(path), &err) == FENRUN_OK);
    EXPECT(fenrun_forest_is_stale(made, &yes, &err) == FENRUN_INVALID_ARGUMENT);
    EXPECT(fenrun_forest_open(path, strlen(path), &writer, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_open(path, strlen(path), &reader, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_join(writer, 5, 4, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_join(writer, 5, 4, &err) == FENRUN_DUPLICATE_MEMBER);
    EXPECT(fenrun_forest_catch_up(reader, &yes, &err) == FENRUN_OK && yes == 1);
    EXPECT(fenrun_forest_catch_up(reader, &yes, &err) == FENRUN_OK && yes == 0);
    EXPECT(fenrun_forest_upline(reader, 5, upline, 8, &len, &err) == FENRUN_OK && len == 4 && upline[0] == 4);
    EXPECT(fenrun_forest_is_stale(reader, &yes, &err) == FENRUN_OK && yes == 0);
    EXPECT(fenrun_forest_join(writer, 6, 5, &err) == FENRUN_OK);
    EXPECT(fenrun_forest_save(reader, path, strlen(path), &err) == FENRUN_STALE_FOREST);
    EXPECT(fenrun_forest_save(writer, path, strlen(path), &err) == FENRUN_OK);
    EXPECT(fenrun_forest_is_stale(reader, &yes, &err) == FENRUN_OK && yes == 1);
    EXPECT(fenrun_forest_catch_up(reader, &yes, &err) == FENRUN_STALE_FOREST);
    texts_as_ids(path);
    file = fopen(path, "wb");
    EXPECT(file != NULL && fputs("member,inviter\n", file) >= 0 && fclose(file) == 0);
    EXPECT(fenrun_forest_open(path, strlen(path), &none, &err) == FENRUN_NOT_A_FOREST && none == NULL);
    EXPECT(remove(path) == 0 && remove(journal) == 0 && remove(lock) == 0);
    fenrun_forest_free(made);
    fenrun_forest_free(writer);
    fenrun_forest_free(reader);
}

/* A column of each kind, then a join: the new member states nothing, and what was saved is opened. */
static void saved_columns(void) {
    fenrun_error err = FENRUN_ERROR_INIT;
    const uint64_t members[] = {1, 2, 3}, inviters[] = {0, 1, 2};
    char path[64], other[80];
    int kind;
    snprintf(path, sizeof path, "/tmp/fenrun-abi-columns-%ld.forest", (long)getpid());
    for (kind = 0; kind < 4; kind++) {
        fenrun_forest *made = NULL, *opened = NULL, *held = NULL;
        uint8_t stale = 9;
        size_t len = 0;
        EXPECT(fenrun_forest_new(members, inviters, 3, &made, &err) == FENRUN_OK);
        if (kind == 0) EXPECT(fenrun_forest_set_flag(made, TEXT("x"), (const uint8_t[]){1, 0, 1}, 3, &err) == FENRUN_OK);
        if (kind == 1) EXPECT(fenrun_forest_set_number(made, TEXT("x"), (const int64_t[]){1, 2, 3}, 3, &err) == FENRUN_OK);
        if (kind == 2)
            EXPECT(fenrun_forest_set_text(made, TEXT("x"), (const uint32_t[]){0, 0, 0}, 3, TEXT("[\"a\"]"), &err) == FENRUN_OK);
        if (kind == 3) EXPECT(fenrun_forest_set_rank(made, (const uint8_t[]){1, 0, 1}, 3, TEXT("[\"V1\"]"), &err) == FENRUN_OK);
        EXPECT(fenrun_forest_join(made, 4, 3, &err) == FENRUN_OK);
        EXPECT(fenrun_forest_save(made, path, strlen(path), &err) == FENRUN_OK);
        EXPECT(fenrun_forest_open(path, strlen(path), &opened, &err) == FENRUN_OK);
        EXPECT(fenrun_forest_join(opened, 5, 4, &err) == FENRUN_OK);
        EXPECT(fenrun_forest_save(opened, path, strlen(path), &err) == FENRUN_OK);
        EXPECT(fenrun_forest_open(path, strlen(path), &held, &err) == FENRUN_OK);
        EXPECT(fenrun_forest_len(held, &len, &err) == FENRUN_OK && len == 5);
        /* The same members again are another file. */
        EXPECT(fenrun_forest_save(made, path, strlen(path), &err) == FENRUN_OK);
        EXPECT(fenrun_forest_is_stale(held, &stale, &err) == FENRUN_OK && stale == 1);
        EXPECT(fenrun_forest_join(held, 6, 5, &err) == FENRUN_STALE_FOREST);
        fenrun_forest_free(made);
        fenrun_forest_free(opened);
        fenrun_forest_free(held);
    }
    EXPECT(remove(path) == 0);
    snprintf(other, sizeof other, "%s.journal", path);
    EXPECT(remove(other) == 0);
    snprintf(other, sizeof other, "%s.lock", path);
    EXPECT(remove(other) == 0);
}

int main(void) {
    forests();
    saved_forests();
    saved_columns();
    texts_in_batches();
    moments();
    teams();
    qr_images();
    return counted();
}
