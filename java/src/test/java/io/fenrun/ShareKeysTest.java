package io.fenrun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Codes that only the shop can make; the same ones as in every language. */
final class ShareKeysTest {
    private static final String KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    @Test
    void aCodeSaysWhoShared() {
        ShareKeys keys = new ShareKeys(Collections.singletonMap(1, KEY), 1);
        assertEquals("AQEAAAAA6QcA0zgW44XUpsYF7A", keys.sign(1001));
        ShareKeys.Share share = keys.open(keys.sign(1001), 0);
        assertEquals(1001, share.member());
        assertEquals(0, share.campaign());
        assertFalse(share.expires().isPresent());
        assertTrue(keys.link("https://shop.example/p/7", 1001).endsWith("/p/7?s=" + keys.sign(1001)));
        String link = keys.link("https://shop.example/p/7", 1001, 12, 120_000);
        share = keys.open(link, 119_999);
        assertEquals(12, share.campaign());
        assertEquals(120_000, share.expires().getAsLong());
        refused("expired_share_code", () -> keys.open(link, 120_000));
        refused("invalid_share_code", () -> keys.open("https://shop.example/p/7", 0));
        refused("invalid_id", () -> keys.sign(-1));
        missing("page", () -> keys.link(null, 1));
        missing("code", () -> keys.open(null, 0));
        missing("keys", () -> new ShareKeys(null, 1));
    }

    @Test
    void keysAreChanged() {
        Map<Integer, String> both = new HashMap<>();
        both.put(1, KEY);
        both.put(2, KEY.replace('0', 'a'));
        ShareKeys old = new ShareKeys(Collections.singletonMap(1, KEY), 1);
        String code = old.sign(5);
        assertEquals(5, new ShareKeys(both, 2).open(code, 0).member());
        both.put(1, KEY.replace('0', 'b'));
        refused("invalid_share_code", () -> new ShareKeys(both, 2).open(code, 0));
        both.remove(1);
        refused("unknown_share_key", () -> new ShareKeys(both, 2).open(code, 0));
        refused("invalid_value", () -> new ShareKeys(both, 1));
        refused("invalid_value", () -> new ShareKeys(Collections.singletonMap(1, "abab"), 1));
        assertFalse(old.toString().contains(KEY));
    }

    private static void missing(String name, Executable call) {
        assertEquals(name, assertThrows(NullPointerException.class, call).getMessage());
    }

    private static void refused(String name, Executable call) {
        assertEquals(name, assertThrows(FenrunException.class, call).codeName());
    }
}
