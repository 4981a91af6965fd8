/* Generated from include/fenrun.h by `cargo run -p xtask -- generate`; do not edit. */
enum {
  FENRUN_OK = 0,
  FENRUN_CURRENCY_MISMATCH = 101,
  FENRUN_OVERFLOW = 102,
  FENRUN_INVALID_AMOUNT = 103,
  FENRUN_TOO_MANY_DECIMALS = 104,
  FENRUN_UNKNOWN_CURRENCY = 105,
  FENRUN_INVALID_RATE = 106,
  FENRUN_NEGATIVE_WEIGHT = 107,
  FENRUN_ZERO_WEIGHTS = 108,
  FENRUN_NO_WEIGHTS = 109,
  FENRUN_LENGTH_MISMATCH = 110,
  FENRUN_NEGATIVE_CAP = 111,
  FENRUN_UNKNOWN_WORD = 112,
  FENRUN_SYNTAX = 201,
  FENRUN_TOO_LARGE = 202,
  FENRUN_UNKNOWN_KEY = 203,
  FENRUN_MISSING_KEY = 204,
  FENRUN_INVALID_VALUE = 205,
  FENRUN_NOT_SUPPORTED = 206,
  FENRUN_PAYS_TOO_MUCH = 207,
  FENRUN_PAYS_RECRUITING = 208,
  FENRUN_UNKNOWN_PRESET = 209,
  FENRUN_INVALID_PLAN_SET = 210,
  FENRUN_INVALID_SALE = 301,
  FENRUN_MISSING_FACT = 302,
  FENRUN_MISSING_COMPONENT = 303,
  FENRUN_INVALID_FROZEN = 304,
  FENRUN_OVER_REVERSED = 305,
  FENRUN_INVALID_ENTRY_MOVE = 306,
  FENRUN_CYCLE = 401,
  FENRUN_UNKNOWN_MEMBER = 402,
  FENRUN_DUPLICATE_MEMBER = 403,
  FENRUN_SELF_REFERRAL = 404,
  FENRUN_ALREADY_BOUND = 405,
  FENRUN_FOREST_FULL = 406,
  FENRUN_DUPLICATE_ORDER = 407,
  FENRUN_INVALID_ID = 408,
  FENRUN_STALE_INDEX = 409,
  FENRUN_CLOSED_MEMBER = 410,
  FENRUN_NOT_A_FOREST = 411,
  FENRUN_DAMAGED_FOREST = 412,
  FENRUN_NEWER_FOREST = 413,
  FENRUN_STALE_FOREST = 414,
  FENRUN_FOREST_LOCKED = 415,
  FENRUN_INVALID_SHARE_CODE = 420,
  FENRUN_EXPIRED_SHARE_CODE = 421,
  FENRUN_UNKNOWN_SHARE_KEY = 422,
  FENRUN_NOT_A_DISTRIBUTOR = 430,
  FENRUN_NOT_BINDABLE = 431,
  FENRUN_NOT_ALLOWED = 501,
  FENRUN_VERSION_CONFLICT = 502,
  FENRUN_IDEMPOTENCY_CONFLICT = 503,
  FENRUN_OVER_REFUND = 504,
  FENRUN_UNKNOWN_LINE = 505,
  FENRUN_TOO_MANY_UNITS = 506,
  FENRUN_INVALID_QUOTE = 507,
  FENRUN_INVALID_COMMAND = 508,
  FENRUN_UNKNOWN_REFUND = 509,
  FENRUN_INVALID_CART = 510,
  FENRUN_INVALID_EVENT = 511,
  FENRUN_INVALID_CATALOG = 540,
  FENRUN_CATEGORY_CYCLE = 541,
  FENRUN_NOT_IN_CATALOG = 542,
  FENRUN_UNBALANCED = 601,
  FENRUN_JOURNAL_CONFLICT = 602,
  FENRUN_INSUFFICIENT_BALANCE = 603,
  FENRUN_INVALID_JOURNAL = 604,
  FENRUN_UNKNOWN_CLAIM = 605,
  FENRUN_WITHDRAWAL_LIMIT = 606,
  FENRUN_SECOND_APPROVER = 607,
  FENRUN_NOT_A_STORE = 701,
  FENRUN_NEWER_STORE = 702,
  FENRUN_DATABASE = 703,
  FENRUN_STORE_CONFLICT = 704,
  FENRUN_INCONSISTENT = 705,
  FENRUN_NOT_FOUND = 706,
  FENRUN_INVALID_ARGUMENT = 801,
  FENRUN_PANIC = 802,
  FENRUN_POISONED = 803,
  FENRUN_NOT_BUILT = 804,
  FENRUN_ABI_MISMATCH = 805,
  FENRUN_FILE = 901,
  FENRUN_COLUMN = 902,
  FENRUN_ROW = 903,
  FENRUN_INVALID_APPLICATION = 1001,
  FENRUN_UNKNOWN_ADDRESS = 1002,
  FENRUN_INVALID_PERSON = 1003,
  FENRUN_ABI_VERSION = 1,
  FENRUN_NO_INDEX = 4294967295,
  FENRUN_ROUND_DOWN = 0,
  FENRUN_ROUND_UP = 1,
  FENRUN_ROUND_FLOOR = 2,
  FENRUN_ROUND_CEIL = 3,
  FENRUN_ROUND_HALF_TO_ZERO = 4,
  FENRUN_ROUND_HALF_AWAY = 5,
  FENRUN_ROUND_HALF_EVEN = 6,
  FENRUN_ROUND_HALF_ODD = 7,
  FENRUN_ROUND_HALF_FLOOR = 8,
  FENRUN_ROUND_HALF_CEIL = 9,
  FENRUN_ALLOCATE_LARGEST_REMAINDER = 0,
  FENRUN_ALLOCATE_FIRST_SHARES = 1,
  FENRUN_ALLOCATE_LAST_TAKES_REST = 2,
  FENRUN_ALLOCATE_LARGEST_WEIGHT_FIRST = 3,
  FENRUN_ALLOCATE_FIRST_KEYS = 4,
};
typedef struct fenrun_forest fenrun_forest;
typedef struct fenrun_order fenrun_order;
typedef struct fenrun_plan fenrun_plan;
typedef struct fenrun_rows fenrun_rows;
typedef struct fenrun_teams fenrun_teams;
typedef struct {
  char *data;
  size_t len;
  size_t capacity;
} fenrun_buffer;
typedef struct {
  uint32_t size;
  int32_t code;
  uint32_t index;
  uint32_t line;
  char message[240];
} fenrun_error;
typedef struct {
  const char *name;
  size_t name_len;
  const int64_t *values;
} fenrun_component;
typedef struct {
  uint32_t size;
  uint32_t reserved;
  size_t len;
  const uint64_t *buyers;
  const uint32_t *buyer_handles;
  const int64_t *paid;
  const uint64_t *ids;
  const uint64_t *lines;
  const uint32_t *units;
  const int64_t *placed_at;
  const fenrun_component *components;
  size_t components_len;
  const uint32_t *overrides;
  const char *override_table;
  size_t override_table_len;
  const char *tenant;
  size_t tenant_len;
} fenrun_orders;
void fenrun_buffer_free(fenrun_buffer *buffer);
uint32_t fenrun_abi_version(void);
int32_t fenrun_abi_check(uint32_t header, fenrun_error *err);
const char *fenrun_version(void);
const char *fenrun_features(void);
const char *fenrun_error_name(int32_t code);
int32_t fenrun_plan_new(const char *plan_text,
                        size_t plan_text_len,
                        fenrun_plan **plan_out,
                        fenrun_error *err);
int32_t fenrun_plan_preset(const char *name,
                           size_t name_len,
                           fenrun_plan **plan_out,
                           fenrun_error *err);
void fenrun_plan_free(fenrun_plan *plan);
int32_t fenrun_plan_hash(const fenrun_plan *plan, fenrun_buffer *hash_out, fenrun_error *err);
int32_t fenrun_plan_json(const fenrun_plan *plan,
                         fenrun_buffer *json_out,
                         fenrun_error *err);
int32_t fenrun_plan_check(const fenrun_plan *plan,
                          fenrun_buffer *report_out,
                          fenrun_error *err);
int32_t fenrun_settle_one(const fenrun_plan *plan,
                          const char *sale,
                          size_t sale_len,
                          fenrun_buffer *outcome_out,
                          fenrun_buffer *frozen_out,
                          fenrun_error *err);
int32_t fenrun_reverse(const char *frozen,
                       size_t frozen_len,
                       const char *before,
                       size_t before_len,
                       const char *refund,
                       size_t refund_len,
                       fenrun_buffer *reversal_out,
                       fenrun_error *err);
int32_t fenrun_run(const char *operation,
                   size_t operation_len,
                   const fenrun_plan *plan,
                   const char *input,
                   size_t input_len,
                   fenrun_buffer *answer_out,
                   fenrun_error *err);
int32_t fenrun_money_parse(const char *amount,
                           size_t amount_len,
                           const char *currency,
                           size_t currency_len,
                           int64_t *minor_out,
                           fenrun_error *err);
int32_t fenrun_money_format(int64_t minor,
                            const char *currency,
                            size_t currency_len,
                            fenrun_buffer *text_out,
                            fenrun_error *err);
int32_t fenrun_money_multiply(int64_t minor,
                              const char *rate,
                              size_t rate_len,
                              int32_t rounding_mode,
                              int64_t *minor_out,
                              fenrun_error *err);
int32_t fenrun_money_allocate(int64_t total,
                              const uint64_t *weights,
                              const int64_t *caps,
                              const uint64_t *ids,
                              size_t len,
                              int32_t mode,
                              int32_t share_rounding,
                              int64_t *shares_out,
                              int64_t *unallocated_out,
                              fenrun_error *err);
int32_t fenrun_money_telescope(int64_t total,
                               uint64_t from,
                               uint64_t to,
                               uint64_t units,
                               int64_t *minor_out,
                               fenrun_error *err);
int32_t fenrun_forest_new(const uint64_t *members,
                          const uint64_t *inviters,
                          size_t len,
                          fenrun_forest **forest_out,
                          fenrun_error *err);
int32_t fenrun_forest_new_texts(const char *members,
                                const uint64_t *member_ends,
                                const char *inviters,
                                const uint64_t *inviter_ends,
                                size_t len,
                                fenrun_forest **forest_out,
                                fenrun_error *err);
int32_t fenrun_forest_open(const char *path,
                           size_t path_len,
                           fenrun_forest **forest_out,
                           fenrun_error *err);
int32_t fenrun_forest_save(const fenrun_forest *forest,
                           const char *path,
                           size_t path_len,
                           fenrun_error *err);
int32_t fenrun_forest_catch_up(fenrun_forest *forest,
                               uint8_t *changed_out,
                               fenrun_error *err);
int32_t fenrun_forest_is_stale(const fenrun_forest *forest,
                               uint8_t *stale_out,
                               fenrun_error *err);
void fenrun_forest_free(fenrun_forest *forest);
int32_t fenrun_forest_len(const fenrun_forest *forest, size_t *len_out, fenrun_error *err);
int32_t fenrun_forest_members(const fenrun_forest *forest,
                              uint64_t *members_out,
                              size_t capacity,
                              fenrun_error *err);
int32_t fenrun_forest_resolve(const fenrun_forest *forest,
                              const uint64_t *ids,
                              size_t len,
                              uint32_t *handles_out,
                              fenrun_error *err);
int32_t fenrun_forest_join(fenrun_forest *forest,
                           uint64_t member,
                           uint64_t inviter,
                           fenrun_error *err);
int32_t fenrun_forest_bind(fenrun_forest *forest,
                           uint64_t member,
                           uint64_t inviter,
                           fenrun_error *err);
int32_t fenrun_forest_append(fenrun_forest *forest,
                             const char *change,
                             size_t change_len,
                             fenrun_error *err);
int32_t fenrun_forest_find(const fenrun_forest *forest,
                           const char *id,
                           size_t id_len,
                           uint64_t *member_out,
                           fenrun_error *err);
int32_t fenrun_forest_id(const fenrun_forest *forest,
                         uint64_t member,
                         fenrun_buffer *id_out,
                         fenrun_error *err);
int32_t fenrun_forest_has_texts(const fenrun_forest *forest,
                                uint8_t *yes_out,
                                fenrun_error *err);
int32_t fenrun_forest_find_all(const fenrun_forest *forest,
                               const char *ids,
                               const uint64_t *id_ends,
                               size_t len,
                               uint64_t *members_out,
                               fenrun_error *err);
int32_t fenrun_forest_ids(const fenrun_forest *forest,
                          const uint64_t *members,
                          size_t len,
                          fenrun_buffer *ids_out,
                          uint64_t *ends_out,
                          fenrun_error *err);
int32_t fenrun_forest_upline(const fenrun_forest *forest,
                             uint64_t member,
                             uint64_t *ids_out,
                             size_t capacity,
                             size_t *len_out,
                             fenrun_error *err);
int32_t fenrun_forest_upline_at(const fenrun_forest *forest,
                                uint64_t member,
                                int64_t at,
                                uint64_t *ids_out,
                                size_t capacity,
                                size_t *len_out,
                                fenrun_error *err);
int32_t fenrun_forest_history(const fenrun_forest *forest,
                              uint64_t member,
                              int64_t *from_out,
                              uint64_t *inviters_out,
                              size_t capacity,
                              size_t *len_out,
                              fenrun_error *err);
int32_t fenrun_forest_set_flag(fenrun_forest *forest,
                               const char *name,
                               size_t name_len,
                               const uint8_t *values,
                               size_t len,
                               fenrun_error *err);
int32_t fenrun_forest_set_number(fenrun_forest *forest,
                                 const char *name,
                                 size_t name_len,
                                 const int64_t *values,
                                 size_t len,
                                 fenrun_error *err);
int32_t fenrun_forest_set_text(fenrun_forest *forest,
                               const char *name,
                               size_t name_len,
                               const uint32_t *codes,
                               size_t len,
                               const char *words,
                               size_t words_len,
                               fenrun_error *err);
int32_t fenrun_forest_set_rank(fenrun_forest *forest,
                               const uint8_t *codes,
                               size_t len,
                               const char *names,
                               size_t names_len,
                               fenrun_error *err);
int32_t fenrun_teams_new(const fenrun_forest *forest,
                         fenrun_teams **teams_out,
                         fenrun_error *err);
void fenrun_teams_free(fenrun_teams *teams);
int32_t fenrun_teams_is_above(const fenrun_teams *teams,
                              uint64_t above,
                              uint64_t below,
                              uint8_t *yes_out,
                              fenrun_error *err);
int32_t fenrun_teams_depth(const fenrun_teams *teams,
                           uint64_t member,
                           uint32_t *depth_out,
                           fenrun_error *err);
int32_t fenrun_teams_size(const fenrun_teams *teams,
                          uint64_t member,
                          size_t *size_out,
                          fenrun_error *err);
int32_t fenrun_teams_page(const fenrun_teams *teams,
                          uint64_t member,
                          size_t after,
                          uint64_t *ids_out,
                          size_t capacity,
                          size_t *len_out,
                          fenrun_error *err);
int32_t fenrun_teams_below(const fenrun_teams *teams,
                           uint64_t member,
                           size_t after,
                           uint64_t *ids_out,
                           size_t capacity,
                           size_t *len_out,
                           fenrun_error *err);
int32_t fenrun_teams_generations(const fenrun_teams *teams,
                                 uint64_t member,
                                 uint64_t *counts_out,
                                 size_t capacity,
                                 size_t *len_out,
                                 fenrun_error *err);
int32_t fenrun_forest_team_volumes(const fenrun_forest *forest,
                                   const int64_t *own,
                                   size_t len,
                                   int64_t *sums_out,
                                   fenrun_error *err);
int32_t fenrun_settle(const fenrun_plan *plan,
                      const fenrun_forest *forest,
                      const fenrun_orders *orders,
                      uint32_t threads,
                      fenrun_rows **rows_out,
                      fenrun_error *err);
void fenrun_rows_free(fenrun_rows *rows);
int32_t fenrun_rows_len(const fenrun_rows *rows, size_t *len_out, fenrun_error *err);
int32_t fenrun_rows_copy_source(const fenrun_rows *rows,
                                uint32_t *out,
                                size_t capacity,
                                fenrun_error *err);
int32_t fenrun_rows_copy_order(const fenrun_rows *rows,
                               uint64_t *out,
                               size_t capacity,
                               fenrun_error *err);
int32_t fenrun_rows_copy_line(const fenrun_rows *rows,
                              uint64_t *out,
                              size_t capacity,
                              fenrun_error *err);
int32_t fenrun_rows_copy_payee(const fenrun_rows *rows,
                               uint64_t *out,
                               size_t capacity,
                               fenrun_error *err);
int32_t fenrun_rows_has_texts(const fenrun_rows *rows,
                              uint8_t *yes_out,
                              fenrun_error *err);
int32_t fenrun_rows_ids(const fenrun_rows *rows,
                        const uint64_t *members,
                        size_t len,
                        fenrun_buffer *ids_out,
                        uint64_t *ends_out,
                        fenrun_error *err);
int32_t fenrun_rows_copy_rule(const fenrun_rows *rows,
                              uint32_t *out,
                              size_t capacity,
                              fenrun_error *err);
int32_t fenrun_rows_copy_level(const fenrun_rows *rows,
                               uint32_t *out,
                               size_t capacity,
                               fenrun_error *err);
int32_t fenrun_rows_copy_amount(const fenrun_rows *rows,
                                int64_t *out,
                                size_t capacity,
                                fenrun_error *err);
int32_t fenrun_rows_copy_account(const fenrun_rows *rows,
                                 uint32_t *out,
                                 size_t capacity,
                                 fenrun_error *err);
int32_t fenrun_rows_copy_after(const fenrun_rows *rows,
                               uint64_t *out,
                               size_t capacity,
                               fenrun_error *err);
int32_t fenrun_rows_totals(const fenrun_rows *rows,
                           uint64_t *payees_out,
                           uint32_t *accounts_out,
                           int64_t *amounts_out,
                           size_t capacity,
                           size_t *len_out,
                           fenrun_error *err);
int32_t fenrun_rows_keys(const fenrun_rows *rows,
                         fenrun_buffer *keys_out,
                         fenrun_error *err);
int32_t fenrun_rows_rule(const fenrun_rows *rows,
                         uint32_t place,
                         fenrun_buffer *id_out,
                         fenrun_error *err);
int32_t fenrun_rows_account(const fenrun_rows *rows,
                            uint32_t place,
                            fenrun_buffer *name_out,
                            fenrun_error *err);
int32_t fenrun_rows_pool(const fenrun_rows *rows, int64_t *pool_out, fenrun_error *err);
int32_t fenrun_rows_retained(const fenrun_rows *rows,
                             const char *reason,
                             size_t reason_len,
                             int64_t *minor_out,
                             fenrun_error *err);
int32_t fenrun_order_new(const char *tenant,
                         size_t tenant_len,
                         const char *order_id,
                         size_t order_id_len,
                         fenrun_order **order_out,
                         fenrun_error *err);
int32_t fenrun_order_replay(const char *log,
                            size_t log_len,
                            fenrun_order **order_out,
                            fenrun_error *err);
void fenrun_order_free(fenrun_order *order);
int32_t fenrun_order_apply(fenrun_order *order,
                           const char *command,
                           size_t command_len,
                           fenrun_buffer *answer_out,
                           fenrun_error *err);
int32_t fenrun_order_state(const fenrun_order *order, fenrun_buffer *state_out, fenrun_error *err);
int32_t fenrun_order_events(const fenrun_order *order,
                            uint64_t from,
                            fenrun_buffer *log_out,
                            fenrun_error *err);
int32_t fenrun_order_sale(const fenrun_order *order, fenrun_buffer *sale_out, fenrun_error *err);
int32_t fenrun_qr_draw(const char *content,
                       size_t content_len,
                       const char *style,
                       size_t style_len,
                       fenrun_buffer *image_out,
                       fenrun_error *err);
