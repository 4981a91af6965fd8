package io.fenrun;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByteByReference;
import com.sun.jna.ptr.LongByReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** What a batch gave, as columns of one length. Immutable: share freely. */
public final class Rows {
    private final int[] sources;
    private final long[] orders;
    private final long[] lines;
    private final long[] payees;
    private final int[] ruleOf;
    private final String[] rules;
    private final int[] levels;
    private final long[] amounts;
    private final int[] accountOf;
    private final String[] accounts;
    private final long[] after;
    /** In a forest of texts the members of these rows, sorted, and their ids. */
    private final long[] members;
    private final String[] ids;
    private final String keys;
    private final long pool;
    private final Map<String, Long> retained = new LinkedHashMap<>();

    Rows(Pointer rows) {
        Native.Functions library = Native.library();
        LongByReference number = new LongByReference();
        Native.check(error -> library.fenrun_rows_len(rows, number, error));
        int len = Math.toIntExact(number.getValue());
        long[] room = new long[Math.max(1, len)];
        int[] small = new int[Math.max(1, len)];
        Native.check(error -> library.fenrun_rows_copy_source(rows, small, len, error));
        sources = Arrays.copyOf(small, len);
        Native.check(error -> library.fenrun_rows_copy_order(rows, room, len, error));
        orders = Arrays.copyOf(room, len);
        Native.check(error -> library.fenrun_rows_copy_line(rows, room, len, error));
        lines = Arrays.copyOf(room, len);
        Native.check(error -> library.fenrun_rows_copy_payee(rows, room, len, error));
        payees = Arrays.copyOf(room, len);
        Native.check(error -> library.fenrun_rows_copy_amount(rows, room, len, error));
        amounts = Arrays.copyOf(room, len);
        Native.check(error -> library.fenrun_rows_copy_rule(rows, small, len, error));
        ruleOf = Arrays.copyOf(small, len);
        Native.check(error -> library.fenrun_rows_copy_level(rows, small, len, error));
        levels = Arrays.copyOf(small, len);
        int most = Arrays.stream(ruleOf).max().orElse(-1);
        rules = new String[most + 1];
        for (int at = 0; at <= most; at++) {
            int place = at;
            rules[at] = Native.text((out, error) -> library.fenrun_rows_rule(rows, place, out, error));
        }
        Native.check(error -> library.fenrun_rows_copy_after(rows, room, len, error));
        after = Arrays.copyOf(room, len);
        ByteByReference texts = new ByteByReference();
        Native.check(error -> library.fenrun_rows_has_texts(rows, texts, error));
        members = texts.getValue() == 0 ? new long[0]
                : LongStream.concat(Arrays.stream(payees), Arrays.stream(after)).sorted().distinct().toArray();
        ids = Texts.read(members.length, (bytes, ends, error) -> library.fenrun_rows_ids(
                rows, members, members.length, bytes, ends, error));
        Native.check(error -> library.fenrun_rows_copy_account(rows, small, len, error));
        accountOf = Arrays.copyOf(small, len);
        accounts = new String[Arrays.stream(accountOf).max().orElse(-1) + 1];
        for (int at = 0; at < accounts.length; at++) {
            int place = at;
            accounts[at] = Native.text((out, error) -> library.fenrun_rows_account(rows, place, out, error));
        }
        keys = Native.text((out, error) -> library.fenrun_rows_keys(rows, out, error));
        Native.check(error -> library.fenrun_rows_pool(rows, number, error));
        pool = number.getValue();
        for (String reason : Constants.REASONS) {
            byte[] name = Native.utf8(reason, "reason");
            Native.check(error -> library.fenrun_rows_retained(rows, name, name.length, number, error));
            if (number.getValue() != 0) {
                retained.put(reason, number.getValue());
            }
        }
    }

    /** How many rows there are. */
    public int size() {
        return amounts.length;
    }

    /** The place of the input row a row is paid for, from 0. */
    public int source(int row) {
        return sources[row];
    }

    /** The order of a row. */
    public long order(int row) {
        return orders[row];
    }

    /** The line of a row; 0 when its rule rounds per order. */
    public long line(int row) {
        return lines[row];
    }

    /** Who is paid, as the forest counts them: see {@link #payeeId}. */
    public long payee(int row) {
        return payees[row];
    }

    /** Who is paid, as an id of either kind; rows of one member share one text. */
    public String payeeId(int row) {
        return id(payees[row]);
    }

    /** The rule that pays. */
    public String rule(int row) {
        return rules[ruleOf[row]];
    }

    /** The level, from 1. */
    public int level(int row) {
        return levels[row];
    }

    /** Minor units. */
    public long amount(int row) {
        return amounts[row];
    }

    /** The account it goes to. */
    public String account(int row) {
        return accounts[accountOf[row]];
    }

    /** Whose amount the rule runs after, as the forest counts them; 0 for a rule of the order itself. */
    public long after(int row) {
        return after[row];
    }

    /** Whose amount the rule runs after, as an id of either kind; empty for a rule of the order itself. */
    public String afterId(int row) {
        return id(after[row]);
    }

    private String id(long member) {
        if (member == 0) {
            return "";
        }
        return members.length == 0 ? Long.toString(member) : ids[Arrays.binarySearch(members, member)];
    }

    /** 32 hex digits, the same as when the order is settled alone. */
    public String key(int row) {
        return keys.substring(32 * row, 32 * row + 32);
    }

    /** All amounts. */
    public long[] amounts() {
        return amounts.clone();
    }

    /** All payees, as the forest counts them. */
    public long[] payees() {
        return payees.clone();
    }

    /** All payees, as ids of either kind. */
    public String[] payeeIds() {
        return Arrays.stream(payees).mapToObj(this::id).toArray(String[]::new);
    }

    /**
     * What each member gets in all, in the order of their first rows: one entry a member, or one for each of their
     * accounts where rules split amounts.
     */
    public List<Total> totals() {
        Map<List<Long>, Total> totals = new LinkedHashMap<>();
        for (int row = 0; row < amounts.length; row++) {
            int at = row;
            List<Long> key = Arrays.asList(payees[row], (long) accountOf[row]);
            Total total = totals.computeIfAbsent(key, place -> new Total(payees[at], payeeId(at), account(at)));
            total.add(amounts[row]);
        }
        return Collections.unmodifiableList(new ArrayList<>(totals.values()));
    }

    /** What a member gets of the batch on one account. */
    public static final class Total {
        private final long payee;
        private final String payeeId;
        private final String account;
        private long amount;

        private Total(long payee, String payeeId, String account) {
            this.payee = payee;
            this.payeeId = payeeId;
            this.account = account;
        }

        private void add(long more) {
            try {
                amount = Math.addExact(amount, more);
            } catch (ArithmeticException beyond) {
                throw FenrunException.of(102, "overflow", FenrunException.NO_INDEX,
                        "what " + payeeId + " gets in all does not fit");
            }
        }

        /** Who is paid, as the forest counts them. */
        public long payee() {
            return payee;
        }

        /** Who is paid, as an id of either kind. */
        public String payeeId() {
            return payeeId;
        }

        /** The account it goes to. */
        public String account() {
            return account;
        }

        /** Minor units. */
        public long amount() {
            return amount;
        }
    }

    /** What the plan offered: all amounts and all that is retained sum to it. */
    public long pool() {
        return pool;
    }

    /** What nobody got, by reason. */
    public Map<String, Long> retained() {
        return Collections.unmodifiableMap(retained);
    }

    /** Whether every cent of the pool is paid or retained. */
    public boolean conserved() {
        java.math.BigInteger sum = java.math.BigInteger.ZERO;
        for (long amount : amounts) {
            sum = sum.add(java.math.BigInteger.valueOf(amount));
        }
        for (long amount : retained.values()) {
            sum = sum.add(java.math.BigInteger.valueOf(amount));
        }
        return sum.equals(java.math.BigInteger.valueOf(pool));
    }
}
