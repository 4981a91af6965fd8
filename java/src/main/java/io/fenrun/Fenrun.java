package io.fenrun;

/** The library itself. */
public final class Fenrun {
    private Fenrun() {}

    /** The version of the native library. */
    public static String version() {
        return Native.library().fenrun_version();
    }

    /** What the library was built with, words separated by blanks. */
    public static String features() {
        return Native.library().fenrun_features();
    }

    /** The ABI of the native library; a mismatch with these classes is refused at load. */
    public static int abiVersion() {
        return Native.library().fenrun_abi_version();
    }

    /**
     * Runs any operation of vectors/README.md by its name, JSON in and JSON out: quotes, carts, checks and
     * whatever has no class of its own here.
     *
     * @param plan for the operations that take one, else null
     */
    public static String run(String operation, Plan plan, String input) {
        byte[] name = Native.utf8(operation, "operation");
        byte[] bytes = Native.utf8(input, "input");
        java.util.function.Function<com.sun.jna.Pointer, String> call = pointer -> Native.text((out, error) ->
                Native.library().fenrun_run(name, name.length, pointer, bytes, bytes.length, out, error));
        return plan == null ? call.apply(null) : plan.use(call);
    }
}
