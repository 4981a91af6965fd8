package io.fenrun;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Finds libfenrun: a path given by hand, the copy inside the jar, or the system's. */
final class Loader {
    private Loader() {}

    static Native.Functions load() {
        if (com.sun.jna.Native.POINTER_SIZE != 8) {
            throw new UnsatisfiedLinkError("fenrun needs a 64-bit Java");
        }
        Native.Functions functions = com.sun.jna.Native.load(place(), Native.Functions.class);
        checkAbi(functions, Native.ABI_VERSION);
        return functions;
    }

    /** Refuses a library that was built for another header. */
    static void checkAbi(Native.Functions functions, int wanted) {
        Native.Failure error = new Native.Failure();
        int code = functions.fenrun_abi_check(wanted, error);
        if (code != 0) {
            throw Native.exception(functions, code, error);
        }
    }

    private static String place() {
        String given = System.getProperty("fenrun.library");
        if (given == null || given.isEmpty()) {
            given = System.getenv("FENRUN_LIBRARY");
        }
        if (given != null && !given.isEmpty()) {
            if (!new File(given).isFile()) {
                throw new UnsatisfiedLinkError(
                        given + ", named by fenrun.library or FENRUN_LIBRARY, is not a file");
            }
            return given;
        }
        String inside = "/native/" + com.sun.jna.Platform.RESOURCE_PREFIX + "/libfenrun.so";
        try (InputStream stream = Loader.class.getResourceAsStream(inside)) {
            return stream == null ? "fenrun" : extract(stream);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot unpack " + inside, error);
        }
    }

    private static String extract(InputStream stream) throws IOException {
        Path file = Files.createTempFile("libfenrun", ".so");
        file.toFile().deleteOnExit();
        Files.copy(stream, file, StandardCopyOption.REPLACE_EXISTING);
        return file.toString();
    }
}
