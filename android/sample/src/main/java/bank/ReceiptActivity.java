package bank;

import android.app.Activity;
import android.os.Bundle;
import android.widget.LinearLayout;
import android.widget.TextView;
import dev.nowait.Action;
import dev.nowait.NoWait;
import dev.nowait.SaysReady;
import dev.nowait.Screen;
import kotlin.Unit;

/** What the customer takes along, by the part of the bank's team that writes Java. */
public final class ReceiptActivity extends Activity implements SaysReady {
    private static final Screen SCREEN = NoWait.screen("Receipt");
    private static final Action SAVE = NoWait.action("Receipt.Save");

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        TextView receipt = ViewsKt.label(this, android.R.id.text1);
        LinearLayout column = ViewsKt.column(this, receipt, ViewsKt.button(this, android.R.id.button1, "Save", this::save));
        setContentView(column);
        BankApp app = (BankApp) getApplication();
        app.getBank().ask("GET /receipt", answer -> {
            if (answer != null) {
                receipt.setText(answer);
                SCREEN.ready();
                app.getTransfers().end();
            }
            return Unit.INSTANCE;
        });
    }

    private Unit save() {
        long before = System.nanoTime();
        long[] began = new long[1];
        long[] ended = new long[1];
        try {
            SAVE.measure(() -> {
                began[0] = System.nanoTime();
                // As long as it takes to draw a document.
                Thread.sleep(60);
                ended[0] = System.nanoTime();
                return null;
            });
        } catch (Exception problem) {
            throw new IllegalStateException(problem);
        }
        Truth.tell("action", "Receipt.Save", new Moment(before, began[0]), new Moment(ended[0], System.nanoTime()));
        return Unit.INSTANCE;
    }
}
