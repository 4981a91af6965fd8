package io.fenrun;

import com.eclipsesource.json.JsonObject;
import java.nio.charset.StandardCharsets;

/**
 * QR images of a share link, or of any text: the same bytes as in every other language.
 *
 * <pre>{@code byte[] file = new Qr(link).correction(Qr.Correction.HIGH).png();}</pre>
 */
public final class Qr {
    /** How much of a code may be covered or damaged and it is still read. */
    public enum Correction {
        /** 7 %. */
        LOW,
        /** 15 %, unless another one is asked for. */
        MEDIUM,
        /** 25 %. */
        QUARTILE,
        /** 30 %: for a logo in the middle. */
        HIGH
    }

    private final String text;
    private Correction correction = Correction.MEDIUM;
    private int module = 8;
    private int margin = 4;

    /** A code of a text, by default of medium correction with modules of 8 dots and a margin of four modules. */
    public Qr(String text) {
        this.text = text;
    }

    /** How much of the code may be covered. */
    public Qr correction(Correction correction) {
        this.correction = correction;
        return this;
    }

    /** Dots along the side of a module, the smallest square of the code: from 1 to 64. */
    public Qr module(int dots) {
        this.module = dots;
        return this;
    }

    /** Modules of white around the code, at most 64; the standard asks for four. */
    public Qr margin(int modules) {
        this.margin = modules;
        return this;
    }

    /**
     * An image that stands in a page as it is.
     *
     * @throws FenrunException.DocumentException for a text that is empty or that no code of this correction holds,
     *     with both lengths
     */
    public String svg() {
        return new String(draw("svg"), StandardCharsets.UTF_8);
    }

    /**
     * The bytes of a PNG file.
     *
     * @throws FenrunException.DocumentException as {@link #svg}
     */
    public byte[] png() {
        return draw("png");
    }

    private byte[] draw(String format) {
        String style = new JsonObject().add("format", format).add("correction", correction.name().toLowerCase(java.util.Locale.ROOT))
                .add("module", module).add("margin", margin).toString();
        byte[] content = Native.utf8(text, "text");
        byte[] json = Native.utf8(style, "style");
        Native.Buffer image = new Native.Buffer();
        Native.check(error -> Native.library().fenrun_qr_draw(
                content, content.length, json, json.length, image, error));
        return Native.takeBytes(image);
    }
}
