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
}
