package io.fenrun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import org.junit.jupiter.api.Test;

/** The order of examples/transcript: twelve commands with a partial refund and a retry. */
class OrderTest {
    private static String file(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(Paths.get("..", "examples", "transcript", name));
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void twelveCommandsPrintWhatRustPrints() throws IOException {
        try (Order order = Order.create("", "A7")) {
            StringBuilder answers = new StringBuilder();
            for (String command : file("commands.jsonl").split("\n")) {
                answers.append(order.apply(command)).append('\n');
            }
            assertEquals(file("answers.jsonl"), answers.toString());
            assertEquals(file("events.jsonl"), order.events());
            String first = order.events().split("\n")[0] + "\n";
            assertEquals(order.events().substring(first.length()), order.events(1));
            assertEquals("", order.events(Long.MAX_VALUE));
            assertThrows(FenrunException.DocumentException.class, () -> order.events(-1));
            try (Order again = Order.replay(order.events())) {
                assertEquals(order.state(), again.state());
                assertEquals(order.sale(), again.sale());
            }
        }
    }

    @Test
    void aRejectedCommandLeavesTheOrderAsItWas() {
        try (Order order = Order.create("", "A7")) {
            String before = order.state();
            FenrunException.OrderException error = assertThrows(FenrunException.OrderException.class,
                    () -> order.apply("{\"order_id\": \"A7\", \"command_id\": \"c1\", \"actor\": \"x\", \"now\": 0,"
                            + " \"command\": \"release\"}"));
            assertEquals("not_allowed", error.codeName());
            assertEquals(before, order.state());
        }
    }
}
