package io.fenrun;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Finds libfenrun: a path given by hand, the copy inside the jar, or the system's. */
final class Loader {
    private static final String WHERE = " in FENRUN_LIBRARY or the system property fenrun.library";

    private Loader() {}

    static Native.Functions load() {
        return load(place());
    }

    /** Loads the library at a place; whatever hinders it is an error of the library. */
    static Native.Functions load(String place) {
        if (com.sun.jna.Native.POINTER_SIZE != 8) {
            throw unloaded(place, "fenrun needs a 64-bit Java");
        }
        try {
            Native.Functions functions = com.sun.jna.Native.load(place, Native.Functions.class);
            checkAbi(functions, Native.ABI_VERSION);
            return functions;
        } catch (UnsatisfiedLinkError fault) {
            throw unloaded(place, String.valueOf(fault.getMessage()));
        }
    }

    private static FenrunException unloaded(String place, String fault) {
        String line = fault.trim().replaceAll("\\s*\\R\\s*", "; ");
        return FenrunException.of(801, "invalid_argument", FenrunException.NO_INDEX,
                "cannot load " + place + ": " + line + "; name the file" + WHERE);
    }

    /** Refuses a library that was built for another header. */
    static void checkAbi(Native.Functions functions, int wanted) {
        Native.Failure error = new Native.Failure();
        int code = functions.fenrun_abi_check(wanted, error);
        if (code != 0) {
            FenrunException fault = Native.exception(functions, code, error);
            throw FenrunException.of(code, fault.codeName(), FenrunException.NO_INDEX,
                    fault.getMessage() + "; name a library of this version" + WHERE);
        }
    }

    private static String place() {
        String given = System.getProperty("fenrun.library");
        if (given == null || given.isEmpty()) {
            given = System.getenv("FENRUN_LIBRARY");
        }
        if (given != null && !given.isEmpty()) {
            if (!new File(given).isFile()) {
                throw unloaded(given, "it is not a file");
            }
            return given;
        }
        String inside = "/native/" + com.sun.jna.Platform.RESOURCE_PREFIX + "/libfenrun.so";
        try (InputStream stream = Loader.class.getResourceAsStream(inside)) {
            return stream == null ? "fenrun" : extract(stream);
        } catch (IOException error) {
            throw unloaded(inside, "it cannot be unpacked: " + error);
        }
    }

    private static String extract(InputStream stream) throws IOException {
        Path file = Files.createTempFile("libfenrun", ".so");
        file.toFile().deleteOnExit();
        Files.copy(stream, file, StandardCopyOption.REPLACE_EXISTING);
        return file.toString();
    }
}
