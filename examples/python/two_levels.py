"""The first ten lines: settle one sale, keep what a refund will need, take a part back."""

import fenrun as fr

plan = fr.Plan.parse("""
schema = "fenrun.plan/1"
name = "two levels"
currency = "CNY"
[[rule]]
id = "upline"
to = { up = "referral" }
pay = { levels = ["5%", "2.5%"] }
""")

# 张三 invited 李四, 李四 invited the buyer: the shop reads that from its own tables.
sale = {
    "id": "O1",
    "buyer": "王五",
    "upline": ["李四", "张三"],
    "lines": [{"id": 1, "units": 2, "paid": 19998}],
}
outcome = plan.settle_one(sale)
for row in outcome.rows:
    print(row.payee, row.amount, row.key)
print(outcome.explain("zh"))

kept = outcome.frozen  # store this text beside the order
refund = {"id": "R1", "lines": [{"line": 1, "units": 1, "amount": 9999}]}
for back in fr.reverse(kept, refund).rows:
    print(back.payee, back.amount, back.key)
