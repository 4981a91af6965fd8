package io.fenrun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Why everybody got what they got. */
class OutcomeTest {
    private static Outcome outcome() {
        try (Plan plan = Plan.preset("two_level")) {
            return plan.settleOne("{\"id\": \"O1\", \"buyer\": \"B\", \"lines\": [{\"id\": 1, \"paid\": 19998}],"
                    + " \"upline\": [{\"id\": \"A\", \"distributor\": true, \"frozen\": false}]}");
        }
    }

    @Test
    void explanationsSpeakBothLanguages() {
        Outcome outcome = outcome();
        assertEquals(Arrays.asList("upline · line 1 · level 1: A 9.99 CNY = 5% × 199.98 CNY",
                "upline · line 1 · level 2: – retained 4.99 CNY — nobody stands there"), outcome.explain("en"));
        Frozen kept = new Frozen(outcome.frozen().toString());
        assertEquals("upline · 明细 1 · 第 2 级: – 留存 4.99 CNY — 该层没有上级", kept.explain("zh").get(1));
        FenrunException error = assertThrows(FenrunException.class, () -> outcome.explain("fr"));
        assertTrue(error.getMessage().contains("`fr`"), error.getMessage());
    }

    /** Where the shop's journal holds something else than earlier reversals left, the shop says so. */
    @Test
    void theCallersStandingIsWhatIsReversed() {
        Reversal reversal = outcome().frozen().reverse(null, "{\"id\": \"R1\","
                + " \"lines\": [{\"line\": 1, \"units\": 1, \"amount\": 19998}], \"standing\": [{\"rule\": \"upline\","
                + " \"payee\": \"A\", \"account\": \"cash\", \"amount\": 900}]}");
        assertEquals(-900, reversal.rows().get(0).amount());
    }
}
