import io.fenrun.Outcome;
import io.fenrun.Plan;
import io.fenrun.Row;

public class TwoLevels {
    public static void main(String[] args) {
        try (Plan plan = Plan.preset("two_level")) {
            Outcome outcome = plan.settleOne("{\"id\": \"O1\", \"buyer\": \"U9\", \"lines\": [{\"id\": \"1\", \"paid\": 9999}],"
                    + " \"upline\": [{\"id\": \"U1\", \"distributor\": true, \"frozen\": false},"
                    + " {\"id\": \"U2\", \"distributor\": true, \"frozen\": false}]}");
            for (Row row : outcome.rows()) {
                System.out.println(row.payee() + " gets " + row.amount() + " (" + row.key() + ")");
            }
            for (Row row : outcome.frozen().reverse(null, "{\"id\": \"R1\", \"lines\": [{\"line\": \"1\", \"amount\": 3333}]}").rows()) {
                System.out.println(row.payee() + " gives back " + -row.amount());
            }
        }
    }
}
