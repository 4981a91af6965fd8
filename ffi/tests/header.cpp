// The header as C++17: double inclusion, linkage and the initializer.
#include "fenrun.h"
#include "fenrun.h"
#include <memory>
#include <string>
#include <string_view>

namespace {
using Plan = std::unique_ptr<fenrun_plan, decltype(&fenrun_plan_free)>;

Plan preset(std::string_view name) {
    fenrun_plan *plan = nullptr;
    fenrun_error err = FENRUN_ERROR_INIT;
    fenrun_plan_preset(name.data(), name.size(), &plan, &err);
    return {plan, &fenrun_plan_free};
}
} // namespace

static_assert(sizeof(fenrun_error) == 256, "the layout is the same as in C");

int main() {
    const Plan plan = preset("two_level");
    fenrun_buffer hash{};
    fenrun_error err = FENRUN_ERROR_INIT;
    const auto code = fenrun_plan_hash(plan.get(), &hash, &err);
    const bool whole = code == FENRUN_OK && std::string(hash.data, hash.len).size() == 64;
    fenrun_buffer_free(&hash);
    return whole && preset("nothing") == nullptr ? 0 : 1;
}
