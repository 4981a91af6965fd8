package io.fenrun;

/**
 * What went wrong: a stable code, its name, one line that names the value and the rule, and the failing row
 * of a batch. One subclass per hundred of codes, so that a caller catches a family.
 */
public class FenrunException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What {@link #index()} is when no row is at fault. */
    public static final int NO_INDEX = -1;

    private final int code;
    private final String name;
    private final int index;

    FenrunException(int code, String name, int index, String message) {
        super(message);
        this.code = code;
        this.name = name;
        this.index = index;
    }

    /** The stable number, the same in every language. */
    public int code() {
        return code;
    }

    /** The stable name, such as {@code pays_too_much}. */
    public String codeName() {
        return name;
    }

    /** The failing row of a batch, from 0, or {@link #NO_INDEX}. */
    public int index() {
        return index;
    }

    static FenrunException of(int code, String name, int index, String message) {
        switch (code / 100) {
            case 1:
                return new MoneyException(code, name, index, message);
            case 2:
                return new PlanException(code, name, index, message);
            case 3:
                return new SaleException(code, name, index, message);
            case 4:
                return new ForestException(code, name, index, message);
            case 5:
                return new OrderException(code, name, index, message);
            default:
                return new FenrunException(code, name, index, message);
        }
    }

    /** Codes 101 to 199: amounts, rates, currencies, allocation. */
    public static final class MoneyException extends FenrunException {
        private static final long serialVersionUID = 1L;

        MoneyException(int code, String name, int index, String message) {
            super(code, name, index, message);
        }
    }

    /** Codes 201 to 299: documents and plans. */
    public static final class PlanException extends FenrunException {
        private static final long serialVersionUID = 1L;

        PlanException(int code, String name, int index, String message) {
            super(code, name, index, message);
        }
    }

    /** Codes 301 to 399: sales, commission, reversal. */
    public static final class SaleException extends FenrunException {
        private static final long serialVersionUID = 1L;

        SaleException(int code, String name, int index, String message) {
            super(code, name, index, message);
        }
    }

    /** Codes 401 to 499: members, forest, batch. */
    public static final class ForestException extends FenrunException {
        private static final long serialVersionUID = 1L;

        ForestException(int code, String name, int index, String message) {
            super(code, name, index, message);
        }
    }

    /** Codes 501 to 599: carts, quotes, orders. */
    public static final class OrderException extends FenrunException {
        private static final long serialVersionUID = 1L;

        OrderException(int code, String name, int index, String message) {
            super(code, name, index, message);
        }
    }
}
