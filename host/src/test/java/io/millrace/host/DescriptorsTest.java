package io.millrace.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

class DescriptorsTest {
    @Test
    void filesMayHaveHalfWhileConnectionsAreFew() {
        var descriptors = new Descriptors(1024);
        for (int i = 0; i < 512; i++) descriptors.fileOpened();
        assertEquals(0, descriptors.surplusFiles());
        descriptors.fileOpened();
        assertEquals(1, descriptors.surplusFiles());
        descriptors.fileClosed();
        assertEquals(0, descriptors.surplusFiles());
    }

    @Test
    void filesMakeRoomForConnectionsDownToTheirLeastShare() {
        var descriptors = new Descriptors(1024);
        for (int i = 0; i < 512; i++) descriptors.fileOpened();
        for (int i = 0; i < 484; i++) descriptors.socketOpened();
        assertEquals(512 - (1024 - 128 - 484), descriptors.surplusFiles());
        for (int i = 0; i < 1000; i++) descriptors.socketOpened();
        assertEquals(512 - 128, descriptors.surplusFiles());
    }

    @Test
    void connectionsLeaveFilesTheirLeastShareAndTheReserve() {
        var descriptors = new Descriptors(1024);
        int admitted = 0;
        while (descriptors.hasRoomForSocket()) {
            descriptors.socketOpened();
            admitted++;
        }
        assertEquals(1024 - 128 - 128, admitted);
        assertEquals(admitted, descriptors.mostSockets());
        descriptors.socketClosed();
        assertTrue(descriptors.hasRoomForSocket());
    }

    @Test
    void aConnectionIsNotAdmittedWhileFilesHoldWhatItWouldNeed() {
        var descriptors = new Descriptors(1024);
        for (int i = 0; i < 800; i++) descriptors.fileOpened();
        for (int i = 0; i < 160; i++) descriptors.socketOpened();
        assertFalse(descriptors.hasRoomForSocket());
        for (int i = 0; i < 100; i++) descriptors.fileClosed();
        assertTrue(descriptors.hasRoomForSocket());
    }

    @Test
    void withoutALimitNothingIsBounded() {
        var descriptors = new Descriptors(Integer.MAX_VALUE);
        for (int i = 0; i < 100_000; i++) descriptors.fileOpened();
        assertEquals(0, descriptors.surplusFiles());
        assertTrue(descriptors.hasRoomForSocket());
    }

    @Test
    void aFileIsOpenedWithASpareDescriptorWhenThereIsNoOther() throws IOException {
        var descriptors = Descriptors.ofProcess();
        int[] refusals = {3};
        assertEquals("open", descriptors.open(() -> {
            if (refusals[0]-- > 0) throw new FileSystemException("f", null, "Too many open files");
            return "open";
        }));
        assertTrue(descriptors.surplusFiles() > 0, "files are to be closed after that");
        assertEquals(0, descriptors.surplusFiles());
    }

    @Test
    void aFileIsRefusedWhenTheSparesAreGoneAndOtherFailuresAtOnce() {
        var descriptors = new Descriptors(1024);
        assertThrows(
                FileSystemException.class,
                () -> descriptors.open(() -> {
                    throw new FileSystemException("f", null, "Too many open files");
                }));
        int[] tries = {0};
        assertThrows(
                FileSystemException.class,
                () -> Descriptors.ofProcess().open(() -> {
                    tries[0]++;
                    throw new FileSystemException("f", null, "Permission denied");
                }));
        assertEquals(1, tries[0]);
    }
}
