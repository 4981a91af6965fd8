"""A month of orders at once: columns in, rows out, and a table for whatever reads Arrow."""

import fenrun as fr
import numpy as np

random = np.random.default_rng(7)
members = np.arange(1, 10_001)
# Everybody but the first was invited by somebody who was there before.
inviters = np.array([0, *(random.integers(1, member) for member in members[1:])])
forest = fr.Forest.from_edges(members, inviters)

plan = fr.Plan.parse("""
schema = "fenrun.plan/1"
name = "three levels"
currency = "CNY"
[[rule]]
id = "upline"
to = { up = "referral" }
pay = { levels = ["5%", "3%", "2%"] }
""")

prices = ["19.90", "128.00", "5.55"]
orders = {
    "order": np.arange(1, 50_001),
    "buyer": random.integers(1, 10_001, 50_000),
    "paid": fr.minor(random.choice(prices, 50_000), plan.currency),
}
rows = plan.settle(forest, orders, threads=2)
assert rows.conserved

print(rows)
print("retained", rows.retained)
payees, first = np.unique(rows.payee, return_inverse=True)
totals = np.zeros(len(payees), dtype=np.int64)
np.add.at(totals, first, rows.amount)
for best in totals.argsort()[::-1][:3]:
    print(f"member {payees[best]}: {totals[best]} in minor units")
