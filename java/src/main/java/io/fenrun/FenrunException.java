package io.fenrun;

/**
 * What went wrong: a stable code, its name, one line that names the value and the rule, and the failing row
 * of a batch. One subclass per family of codes, so that a caller catches what an
 * error is about.
 */
public class FenrunException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What {@link #index()} is when no row is at fault. */
    public static final int NO_INDEX = -1;

    private final int code;
    private final String name;
    private final int index;
    private final int line;

    FenrunException(Fault fault) {
        super(fault.message);
        this.code = fault.code;
        this.name = fault.name;
        this.index = fault.index;
        this.line = fault.line;
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

    /** The line of the text that is at fault, from 1, or 0 where no line is. */
    public int line() {
        return line;
    }

    /** What an exception says. */
    static final class Fault {
        final int code;
        final String name;
        final int index;
        final int line;
        final String message;

        Fault(int code, String name, int index, int line, String message) {
            this.code = code;
            this.name = name;
            this.index = index;
            this.line = line;
            this.message = message;
        }
    }

    static FenrunException of(int code, String name, int index, String message) {
        return of(code, name, index, 0, message);
    }

    static FenrunException of(int code, String name, int index, int line, String message) {
        return Constants.exception(new Fault(code, name, index, line, message));
    }

    /** The same error, known to be the plan's. */
    PlanException ofPlan() {
        return new PlanException(new Fault(code, name, index, line, getMessage()));
    }

    /** An amount, a currency, a rate or weights. */
    public static final class MoneyException extends FenrunException {
        private static final long serialVersionUID = 1L;

        MoneyException(Fault fault) {
            super(fault);
        }
    }

    /** A document, an argument or a column with a key, a type, a value, a word or an id it must not have. */
    public static class DocumentException extends FenrunException {
        private static final long serialVersionUID = 1L;

        DocumentException(Fault fault) {
            super(fault);
        }
    }

    /** A plan that cannot be read, whatever is wrong in it, or that pays what no plan may pay. */
    public static final class PlanException extends DocumentException {
        private static final long serialVersionUID = 1L;

        PlanException(Fault fault) {
            super(fault);
        }
    }

    /** A sale, a frozen sale, a refund or an order of a batch that contradicts itself or its plan. */
    public static final class SaleException extends FenrunException {
        private static final long serialVersionUID = 1L;

        SaleException(Fault fault) {
            super(fault);
        }
    }

    /** A member or an inviter: unknown, twice there, or their own upline. */
    public static final class ForestException extends FenrunException {
        private static final long serialVersionUID = 1L;

        ForestException(Fault fault) {
            super(fault);
        }
    }

    /** A command, a cart or a quote that an order refuses. */
    public static final class OrderException extends FenrunException {
        private static final long serialVersionUID = 1L;

        OrderException(Fault fault) {
            super(fault);
        }
    }

    /** A journal the ledger refuses. */
    public static final class LedgerException extends FenrunException {
        private static final long serialVersionUID = 1L;

        LedgerException(Fault fault) {
            super(fault);
        }
    }

    /** A database. */
    public static final class StoreException extends FenrunException {
        private static final long serialVersionUID = 1L;

        StoreException(Fault fault) {
            super(fault);
        }
    }

    /** The library itself and the calls into it. */
    public static final class LibraryException extends FenrunException {
        private static final long serialVersionUID = 1L;

        LibraryException(Fault fault) {
            super(fault);
        }
    }

    /** A file or a table, its columns and rows. */
    public static final class TableException extends FenrunException {
        private static final long serialVersionUID = 1L;

        TableException(Fault fault) {
            super(fault);
        }
    }

    /** A person: their application, address, details, tags or visits. */
    public static final class PersonException extends FenrunException {
        private static final long serialVersionUID = 1L;

        PersonException(Fault fault) {
            super(fault);
        }
    }
}
