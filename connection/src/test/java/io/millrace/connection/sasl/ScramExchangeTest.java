package io.millrace.connection.sasl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScramExchangeTest {
    private static final String NONCE = "rOprNGfwEbeRWgbNEkqO";
    private static final String SERVER_FIRST =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private static final String SERVER_LAST = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    private static ScramExchange exchange() {
        return new ScramExchange(ScramExchange.Hash.SHA_256, "user", "pencil", NONCE);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void theExchangeOfTheRfcIsRepeated() throws SaslRefused {
        ScramExchange exchange = exchange();
        assertEquals("n,,n=user,r=" + NONCE, text(exchange.begin()));
        assertEquals(
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                        + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                text(exchange.answer(bytes(SERVER_FIRST))));
        assertFalse(exchange.isComplete(), "the server has shown nothing yet");
        assertEquals("", text(exchange.answer(bytes(SERVER_LAST))));
        assertTrue(exchange.isComplete(), "both know the password");
    }

    @Test
    void aServerThatDoesNotKnowThePasswordIsNotBelieved() throws SaslRefused {
        for (String last : List.of("v=AAAA", "v=", "v=!", "x=1", SERVER_LAST.replace("6rri", "7rri"))) {
            ScramExchange exchange = exchange();
            exchange.begin();
            exchange.answer(bytes(SERVER_FIRST));
            assertThrows(SaslRefused.class, () -> exchange.answer(bytes(last)), last);
            assertFalse(exchange.isComplete(), last);
        }
    }

    @Test
    void whatAServerMayNotAskForIsRefused() {
        for (String first : List.of(
                SERVER_FIRST.replace("rOpr", "sOpr"),
                "r=" + NONCE + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                SERVER_FIRST.replace("i=4096", "i=4095"),
                SERVER_FIRST.replace("i=4096", "i=2000000000"),
                SERVER_FIRST.replace("i=4096", "i=x"),
                SERVER_FIRST.replace("s=W22ZaJ0SNY7soEsUEjb6gQ==", "s="),
                "m=ext," + SERVER_FIRST,
                "e=unknown-user",
                SERVER_LAST,
                "")) {
            ScramExchange exchange = exchange();
            exchange.begin();
            assertThrows(SaslRefused.class, () -> exchange.answer(bytes(first)), first);
        }
    }

    @Test
    void noWordsOfAServerMakeItFailInAnotherWay() {
        Property.check(random -> {
            byte[] words = bytes(SERVER_FIRST);
            for (int i = random.nextInt(4); i >= 0; i--)
                words[random.nextInt(words.length)] = (byte) random.nextInt(256);
            ScramExchange exchange = exchange();
            exchange.begin();
            try {
                exchange.answer(words);
                assertFalse(exchange.isComplete(), "one message proves nothing");
            } catch (SaslRefused refused) {
                assertFalse(String.valueOf(refused.getMessage()).contains("pencil"), refused::toString);
            }
        });
    }

    @Test
    void namesAreWrittenSoThatTheyCannotSayMore() {
        var exchange = new ScramExchange(ScramExchange.Hash.SHA_512, "a,b=c", "p", NONCE);
        assertEquals("n,,n=a=2Cb=3Dc,r=" + NONCE, text(exchange.begin()));
        assertThrows(
                IllegalArgumentException.class,
                () -> new ScramExchange(ScramExchange.Hash.SHA_512, "a", "p", "tooShort"));
    }

    @Test
    void plainSaysNameAndPasswordAndNothingMore() throws SaslRefused {
        PlainExchange plain = new PlainExchange("ann", "s3cret");
        assertArrayEquals(bytes("\0ann\0s3cret"), plain.begin());
        assertEquals(0, plain.answer(new byte[0]).length);
        assertThrows(SaslRefused.class, () -> plain.answer(new byte[] {1}));
        assertThrows(IllegalArgumentException.class, () -> new PlainExchange("a\0b", "c"));
    }
}
