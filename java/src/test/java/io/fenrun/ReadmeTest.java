package io.fenrun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** The programs of the README compile, run and print what it promises. */
final class ReadmeTest {
    private static final Pattern BLOCK = Pattern.compile("^```java\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern PROMISE = Pattern.compile("^// prints (.*)$", Pattern.MULTILINE);

    @Test
    void blocksRun() throws Exception {
        String readme = new String(Files.readAllBytes(Paths.get("README.md")), StandardCharsets.UTF_8);
        Matcher blocks = BLOCK.matcher(readme);
        int promised = 0;
        while (blocks.find()) {
            StringBuilder wanted = new StringBuilder();
            Matcher promise = PROMISE.matcher(blocks.group(1));
            while (promise.find()) {
                wanted.append(promise.group(1)).append('\n');
                promised++;
            }
            String printed = run(blocks.group(1));
            if (wanted.length() > 0) {
                assertEquals(wanted.toString(), printed);
            }
        }
        assertTrue(promised >= 3);
    }

    private static String run(String block) throws Exception {
        Path folder = Files.createTempDirectory("fenrun-readme");
        try {
            Path source = folder.resolve("Readme.java");
            String program = "import io.fenrun.*;\nimport java.util.*;\npublic class Readme {\n"
                    + "public static void main(String[] args) {\n" + block + "}\n}\n";
            Files.write(source, program.getBytes(StandardCharsets.UTF_8));
            JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
            ByteArrayOutputStream faults = new ByteArrayOutputStream();
            int status = compiler.run(null, null, faults, "-encoding", "UTF-8", "-proc:none",
                    "-cp", System.getProperty("java.class.path"), "-d", folder.toString(), source.toString());
            assertEquals(0, status, faults.toString());
            return printed(folder);
        } finally {
            remove(folder);
        }
    }

    private static String printed(Path classes) throws Exception {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        URL[] where = {classes.toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(where, ReadmeTest.class.getClassLoader())) {
            System.setOut(new PrintStream(printed, true, "UTF-8"));
            loader.loadClass("Readme").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(console);
        }
        return printed.toString("UTF-8");
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            files.map(Path::toFile).forEach(File::delete);
        }
        Files.delete(folder);
    }
}
