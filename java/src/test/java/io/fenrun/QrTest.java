package io.fenrun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The images that a reader of QR codes has read in the tests of the crate, byte for byte. */
final class QrTest {
    private static final String LINK = "https://shop.example/p/7?color=red&s=AQEAAAAA6QcA0zgW44XUpsYF7A#top";
    private static final Path GOLDEN = Paths.get("..", "qr", "tests", "golden");

    @Test
    void theGoldenImages() throws IOException {
        assertTrue(Arrays.asList(Fenrun.features().split(" ")).contains("qr"));
        Qr small = new Qr(LINK).correction(Qr.Correction.QUARTILE).module(3).margin(4);
        assertEquals(text("link.svg"), new Qr(LINK).svg());
        assertEquals(text("small.svg"), small.svg());
        assertArrayEquals(Files.readAllBytes(GOLDEN.resolve("small.png")), small.png());
    }

    @Test
    void whatCannotBeDrawn() {
        char[] many = new char[1274];
        Arrays.fill(many, 'a');
        refused("too_large", "1274 bytes; a QR code of correction `high` holds at most 1273",
                new Qr(new String(many)).correction(Qr.Correction.HIGH));
        refused("invalid_value", "an empty text", new Qr(""));
        refused("invalid_value", "a module of 65 dots", new Qr("a").module(65));
        refused("invalid_value", "margin", new Qr("a").margin(-1));
    }

    private static void refused(String name, String says, Qr code) {
        FenrunException error = assertThrows(FenrunException.DocumentException.class, code::svg);
        assertEquals(name, error.codeName());
        assertTrue(error.getMessage().contains(says), error.getMessage());
    }

    private static String text(String name) throws IOException {
        return new String(Files.readAllBytes(GOLDEN.resolve(name)), StandardCharsets.UTF_8);
    }
}
