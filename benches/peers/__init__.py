"""The peers' side of each comparison: the best code a user of that tool would write."""
