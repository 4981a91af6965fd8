package io.fenrun;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * Share codes: who shared, for which campaign and until when, signed so that nobody makes one up.
 *
 * <p>Several keys are known and one signs, so a key is changed without breaking codes that are out. Members are
 * numbers: where ids are texts, those of the shop's own table. Immutable: share freely.
 */
public final class ShareKeys {
    /** As an expiry: the code holds until its key is left out. */
    public static final long NEVER = 0;

    private final String keys;

    /**
     * Keys by their ids, 0 to 255: hex digits of 16 bytes or more that the shop keeps.
     *
     * @param signing the id of the one that signs
     * @throws FenrunException.DocumentException for keys that are none, or too short
     */
    public ShareKeys(Map<Integer, String> keys, int signing) {
        Objects.requireNonNull(keys, "keys");
        JsonObject known = new JsonObject();
        keys.forEach((id, key) -> known.add(id.toString(), key));
        this.keys = new JsonObject().add("keys", known).add("signing", signing).toString();
        // Whatever is wrong with them is told here.
        sign(1);
    }

    /** A code without campaign and expiry. */
    public String sign(long member) {
        return sign(member, 0, NEVER);
    }

    /**
     * A code.
     *
     * @param campaign a number of the shop's
     * @param expires milliseconds of UTC, in whole minutes, or {@link #NEVER}
     */
    public String sign(long member, long campaign, long expires) {
        return make(member, campaign, expires, Json.NULL).getString("code", "");
    }

    /** A link to a page of the shop with a code in it. */
    public String link(String page, long member) {
        return link(page, member, 0, NEVER);
    }

    /** A link to a page of the shop with a code in it, as {@link #sign(long, long, long)} makes it. */
    public String link(String page, long member, long campaign, long expires) {
        Objects.requireNonNull(page, "page");
        return make(member, campaign, expires, Json.value(page)).getString("link", "");
    }

    /**
     * What a code, or a link with one, says, if one of these keys signed it and it has not expired.
     *
     * @param now milliseconds of UTC
     * @throws FenrunException.ForestException for any other code
     */
    public Share open(String code, long now) {
        Objects.requireNonNull(code, "code");
        JsonObject said = run(input().add(code.contains("://") ? "link" : "code", code).add("now", now));
        JsonValue expires = said.get("expires");
        return new Share(Long.parseLong(said.getString("member", "")), said.getLong("campaign", 0),
                expires.isNull() ? OptionalLong.empty() : OptionalLong.of(expires.asLong()));
    }

    private JsonObject make(long member, long campaign, long expires, JsonValue page) {
        Native.id("member", member);
        JsonObject sign = new JsonObject().add("member", member).add("campaign", campaign)
                .add("expires", expires == NEVER ? Json.NULL : Json.value(expires));
        return run(input().add("sign", sign).add("page", page));
    }

    private JsonObject input() {
        return Json.parse(keys).asObject();
    }

    private static JsonObject run(JsonObject input) {
        return Json.parse(Fenrun.run("share", null, input.toString())).asObject();
    }

    /** What a code says. */
    public static final class Share {
        private final long member;
        private final long campaign;
        private final OptionalLong expires;

        private Share(long member, long campaign, OptionalLong expires) {
            this.member = member;
            this.campaign = campaign;
            this.expires = expires;
        }

        /** Who shared. */
        public long member() {
            return member;
        }

        /** What for: a number of the shop's, 0 where it does not matter. */
        public long campaign() {
            return campaign;
        }

        /** From when on it is refused, in milliseconds of UTC; empty for never. */
        public OptionalLong expires() {
            return expires;
        }
    }
}
