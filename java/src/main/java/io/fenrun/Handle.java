package io.fenrun;

import com.sun.jna.Pointer;
import java.util.function.Consumer;

/**
 * A pointer that the library gave away and takes back once. One thread at a time may close it; every use
 * after that is refused.
 */
final class Handle implements AutoCloseable {
    private final String what;
    private final Consumer<Pointer> free;
    private Pointer pointer;

    Handle(String what, Pointer pointer, Consumer<Pointer> free) {
        this.what = what;
        this.pointer = pointer;
        this.free = free;
    }

    synchronized Pointer get() {
        if (pointer == null) {
            throw new IllegalStateException("this " + what + " was closed; nothing may be asked of it any more");
        }
        return pointer;
    }

    @Override
    public synchronized void close() {
        if (pointer != null) {
            Pointer given = pointer;
            pointer = null;
            free.accept(given);
        }
    }
}
