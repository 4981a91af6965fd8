/* One order in C: commands in from stdin, one JSON document a line; answers out. With `log` as argument it
 * prints the log instead, from an order that was rebuilt out of its own log.
 *
 *     cc -std=c99 one_order.c $(pkg-config --cflags --libs fenrun)
 *     ./a.out < examples/transcript/commands.jsonl
 */
#include <fenrun.h>
#include <stdio.h>
#include <string.h>

static int say(int32_t code, const fenrun_error *err) {
    if (code != FENRUN_OK)
        fprintf(stderr, "%s: %s\n", fenrun_error_name(code), err->message);
    return code != FENRUN_OK;
}

int main(int argc, char **argv) {
    static char command[1 << 16];
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_order *order = NULL, *rebuilt = NULL;
    fenrun_buffer answer = {0}, log = {0}, again = {0};
    int print_log = argc > 1 && strcmp(argv[1], "log") == 0, failed;

    failed = say(fenrun_order_new(NULL, 0, "A7", 2, &order, &err), &err);
    while (!failed && fgets(command, sizeof command, stdin) != NULL) {
        /* A rejected command leaves the order as it was; a retry of one that acted changes nothing. */
        failed = say(fenrun_order_apply(order, command, strlen(command), &answer, &err), &err);
        if (!failed && !print_log)
            printf("%s\n", answer.data);
        fenrun_buffer_free(&answer);
    }
    failed = failed || say(fenrun_order_events(order, 0, &log, &err), &err)
        || say(fenrun_order_replay(log.data, log.len, &rebuilt, &err), &err)
        || say(fenrun_order_events(rebuilt, 0, &again, &err), &err);
    if (!failed && print_log)
        fputs(again.data, stdout);
    fenrun_buffer_free(&log);
    fenrun_buffer_free(&again);
    fenrun_order_free(rebuilt);
    fenrun_order_free(order);
    return failed;
}
