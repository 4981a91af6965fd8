import io.fenrun.Order;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * One order in Java: commands in from stdin, one JSON document a line; answers out.
 *
 * <p>With the jar of fenrun and JNA in CP: java -cp $CP examples/java/OneOrder.java &lt; commands.jsonl
 */
public class OneOrder {
    public static void main(String[] args) throws IOException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream answers = new PrintStream(System.out, true, "UTF-8");
        try (Order order = Order.create("", "A7")) {
            for (String command; (command = commands.readLine()) != null; ) {
                // A rejected command throws and leaves the order as it was; a retry changes nothing.
                answers.print(order.apply(command) + "\n");
            }
        }
    }
}
