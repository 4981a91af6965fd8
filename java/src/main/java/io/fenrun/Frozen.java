package io.fenrun;

/** A sale with all that its reversal needs; it works after the plan file is gone. Immutable: share freely. */
public final class Frozen {
    private final String text;

    /** Wraps the text that {@link #toString} gave; it is checked when it is used. */
    public Frozen(String text) {
        if (text == null) {
            throw new NullPointerException("the text of a frozen sale");
        }
        this.text = text;
    }

    /**
     * Reverses one refund.
     *
     * @param takenBefore what earlier refunds took back, a JSON list of {line, units, amount}; null for none
     * @param refund {id, lines: [{line, units, amount}]} as JSON; a retry keeps the id and gets the same keys
     */
    public Reversal reverse(String takenBefore, String refund) {
        byte[] blob = Native.utf8(text, "frozen");
        byte[] before = Native.utf8(takenBefore == null ? "[]" : takenBefore, "takenBefore");
        byte[] refunded = Native.utf8(refund, "refund");
        return new Reversal(Native.text((buffer, error) -> Native.library().fenrun_reverse(
                blob, blob.length, before, before.length, refunded, refunded.length, buffer, error)));
    }

    /** The blob: keep it beside the order. */
    @Override
    public String toString() {
        return text;
    }
}
