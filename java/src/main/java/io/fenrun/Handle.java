package io.fenrun;

import com.sun.jna.Pointer;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A pointer that the library gave away and takes back once: when it is closed, or, for those who forget, some time
 * after nobody holds it any more. Calls that run while another thread closes it end as if it had not; every use after
 * that is refused.
 */
final class Handle implements AutoCloseable {
    /** Handles that nobody holds any more; Java 8 has no Cleaner, and a library needs no thread of its own. */
    private static final ReferenceQueue<Handle> FORGOTTEN = new ReferenceQueue<>();
    /** A reference that is collected itself is never queued. */
    private static final Set<Given> LIVING = ConcurrentHashMap.newKeySet();

    private final Given given;

    Handle(String what, Pointer pointer, Consumer<Pointer> free) {
        freeForgotten();
        given = new Given(this, what, pointer, free);
        LIVING.add(given);
    }

    /** Makes a call that needs the pointer. */
    <T> T use(Function<Pointer, T> call) {
        // What is freed is the last to go, even when this handle is collected during its own call.
        Given used = given;
        Pointer pointer = used.enter();
        try {
            return call.apply(pointer);
        } finally {
            used.leave();
        }
    }

    /** Makes a call that needs the pointer and gives nothing. */
    void run(Consumer<Pointer> call) {
        use(pointer -> {
            call.accept(pointer);
            return null;
        });
    }

    @Override
    public void close() {
        given.close();
    }

    /** Frees what nobody holds any more. */
    static void freeForgotten() {
        for (Object forgotten = FORGOTTEN.poll(); forgotten != null; forgotten = FORGOTTEN.poll()) {
            ((Given) forgotten).close();
        }
    }

    /** How many pointers were not freed yet. */
    static int living() {
        return LIVING.size();
    }

    /** The pointer, and how many calls use it. */
    private static final class Given extends PhantomReference<Handle> {
        private final String what;
        private final Pointer pointer;
        private final Consumer<Pointer> free;
        private int calls;
        private boolean closed;

        Given(Handle handle, String what, Pointer pointer, Consumer<Pointer> free) {
            super(handle, FORGOTTEN);
            this.what = what;
            this.pointer = pointer;
            this.free = free;
        }

        synchronized Pointer enter() {
            if (closed) {
                throw new IllegalStateException("this " + what + " was closed; nothing may be asked of it any more");
            }
            calls++;
            return pointer;
        }

        synchronized void leave() {
            calls--;
            freeWhenDone();
        }

        synchronized void close() {
            if (!closed) {
                closed = true;
                freeWhenDone();
            }
        }

        /** After closing, calls only become fewer, so this frees once. */
        private void freeWhenDone() {
            if (closed && calls == 0 && LIVING.remove(this)) {
                free.accept(pointer);
            }
        }
    }
}
