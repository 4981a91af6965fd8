package io.fenrun;

import com.sun.jna.ptr.LongByReference;
import java.math.BigDecimal;

/** Exact money: amounts are minor units in a long, or a BigDecimal; never a double. */
public final class Money {
    /** Digits on either side of the point that are worth reading. */
    private static final int MOST_DIGITS = 100;
    private static final java.math.MathContext SHORT = new java.math.MathContext(20, java.math.RoundingMode.DOWN);

    private Money() {}

    /** How an exact fraction becomes an integer; the order is that of the C interface. */
    public enum Rounding {
        DOWN, UP, FLOOR, CEIL, HALF_TO_ZERO, HALF_AWAY, HALF_EVEN, HALF_ODD, HALF_FLOOR, HALF_CEIL
    }

    /** How left-over units are placed; only the first keeps every law. */
    public enum Mode {
        LARGEST_REMAINDER, FIRST_SHARES, LAST_TAKES_REST, LARGEST_WEIGHT_FIRST, FIRST_KEYS
    }

    /** The shares of an allocation, and what the caps left over. */
    public static final class Allocation {
        private final long[] shares;
        private final long unallocated;

        Allocation(long[] shares, long unallocated) {
            this.shares = shares;
            this.unallocated = unallocated;
        }

        /** One share a weight. */
        public long[] shares() {
            return shares.clone();
        }

        /** What no share could take. */
        public long unallocated() {
            return unallocated;
        }
    }

    /** Minor units of an amount: 19.99 CNY is 1999. More decimals than the currency has are refused. */
    public static long minor(BigDecimal amount, String currency) {
        if (amount.signum() == 0) {
            return minor("0", currency);
        }
        // Before it is written out: a few characters of exponent are gigabytes of zeros.
        if ((long) amount.precision() - amount.scale() > MOST_DIGITS) {
            throw FenrunException.of(102, "overflow", FenrunException.NO_INDEX,
                    "amount " + shown(amount) + " is beyond 64 bits of minor units");
        }
        if (amount.scale() > MOST_DIGITS) {
            throw FenrunException.of(104, "too_many_decimals", FenrunException.NO_INDEX,
                    "amount " + shown(amount) + " has " + amount.scale() + " decimals");
        }
        return minor(amount.toPlainString(), currency);
    }

    private static String shown(BigDecimal amount) {
        return amount.precision() > MOST_DIGITS ? amount.round(SHORT) + "..." : amount.toString();
    }

    /** Minor units of an amount in text. */
    public static long minor(String amount, String currency) {
        byte[] text = Native.utf8(amount, "amount");
        byte[] code = Native.utf8(currency, "currency");
        LongByReference minor = new LongByReference();
        Native.check(error -> Native.library().fenrun_money_parse(
                text, text.length, code, code.length, minor, error));
        return minor.getValue();
    }

    /** The amount of so many minor units: 1999 CNY is 19.99. */
    public static BigDecimal amount(long minor, String currency) {
        byte[] code = Native.utf8(currency, "currency");
        return new BigDecimal(Native.text((out, error) ->
                Native.library().fenrun_money_format(minor, code, code.length, out, error)));
    }

    /** A rate such as {@code 12.5%} of an amount of minor units, rounded once. */
    public static long multiply(long minor, String rate, Rounding rounding) {
        byte[] text = Native.utf8(rate, "rate");
        LongByReference out = new LongByReference();
        Native.check(error -> Native.library().fenrun_money_multiply(
                minor, text, text.length, rounding.ordinal(), out, error));
        return out.getValue();
    }

    /** Splits a total by weights with largest remainders; the shares sum to it exactly. */
    public static long[] allocate(long total, long... weights) {
        return allocate(total, weights, null, null, Mode.LARGEST_REMAINDER, Rounding.FLOOR).shares();
    }

    /**
     * Splits a total by weights.
     *
     * @param caps the most each share may get, or null
     * @param ids what decides ties, or null for the position
     * @param shareRounding for {@link Mode#LAST_TAKES_REST} alone
     */
    public static Allocation allocate(
            long total, long[] weights, long[] caps, long[] ids, Mode mode, Rounding shareRounding) {
        for (long weight : weights) {
            if (weight < 0) {
                throw FenrunException.of(107, "negative_weight", FenrunException.NO_INDEX,
                        "weight " + weight + " is below zero");
            }
        }
        sameLength("caps", caps, weights.length);
        sameLength("ids", ids, weights.length);
        if (ids != null) {
            Native.ids("ids", ids);
        }
        long[] shares = new long[Math.max(1, weights.length)];
        LongByReference unallocated = new LongByReference();
        Native.check(error -> Native.library().fenrun_money_allocate(
                total, weights, caps, ids, weights.length, mode.ordinal(), shareRounding.ordinal(), shares,
                unallocated, error));
        return new Allocation(java.util.Arrays.copyOf(shares, weights.length), unallocated.getValue());
    }

    /** The share of units {@code from..to} of {@code units} in a total: parts of any sequence sum to it. */
    public static long telescope(long total, long from, long to, long units) {
        Native.notNegative("from", FenrunException.NO_INDEX, from);
        Native.notNegative("to", FenrunException.NO_INDEX, to);
        Native.notNegative("units", FenrunException.NO_INDEX, units);
        LongByReference out = new LongByReference();
        Native.check(error -> Native.library().fenrun_money_telescope(total, from, to, units, out, error));
        return out.getValue();
    }

    private static void sameLength(String what, long[] column, int wanted) {
        if (column != null && column.length != wanted) {
            throw FenrunException.of(110, "length_mismatch", FenrunException.NO_INDEX,
                    what + ": " + column.length + " given for " + wanted + " weights");
        }
    }
}
