"""The smallest requests of Kafka's protocol, to know when a broker serves: ApiVersions 0, Metadata 1, Produce 3."""
import socket
import struct
import time


def _receive(sock, size):
    data = b''
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise OSError('closed by the broker')
        data += piece
    return data


def _call(sock, api, version, body=b''):
    request = struct.pack('>hhih', api, version, 1, 5) + b'probe' + body
    sock.sendall(struct.pack('>i', len(request)) + request)
    return _receive(sock, struct.unpack('>i', _receive(sock, 4))[0])


def answers_api_versions(sock):
    return struct.unpack('>h', _call(sock, 18, 0)[4:6])[0] == 0


def names_brokers(count):
    """A probe: Metadata of no topics names at least so many brokers."""
    return lambda sock: struct.unpack('>i', _call(sock, 3, 1, struct.pack('>i', 0))[4:8])[0] >= count


names_a_broker = names_brokers(1)


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def takes_a_record(topic):
    """A probe: one record is accepted by partition 0 of the topic."""
    def probe(sock):
        record = b'\x00\x00\x00\x01\x08ping\x00'
        record = bytes([len(record) << 1]) + record
        now = int(time.time() * 1000)
        tail = struct.pack('>hiqqqhii', 0, 0, now, now, -1, -1, -1, 1) + record
        batch = struct.pack('>qiib', 0, len(tail) + 9, -1, 2) + struct.pack('>I', crc32c(tail)) + tail
        name = topic.encode()
        body = (struct.pack('>hhi', -1, -1, 5000) + struct.pack('>ih', 1, len(name)) + name
                + struct.pack('>iii', 1, 0, len(batch)) + batch)
        answer = _call(sock, 0, 3, body)
        at = 4 + 4 + 2 + len(name) + 4 + 4
        return struct.unpack('>h', answer[at:at + 2])[0] == 0
    return probe


def wait_until(port, probe, deadline, alive):
    """Monotonic seconds when the probe first succeeded on 127.0.0.1:port."""
    while time.monotonic() < deadline:
        if not alive():
            raise RuntimeError('the broker process ended')
        try:
            with socket.create_connection(('127.0.0.1', port), timeout=2) as sock:
                sock.settimeout(5)
                if probe(sock):
                    return time.monotonic()
        except OSError:
            pass  # not yet: asked again until the deadline
        time.sleep(0.003)
    raise RuntimeError('the broker was not ready in time')


def free_port():
    return free_ports(1)[0]


def free_ports(count):
    """So many different ports that nobody listens at now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind(('127.0.0.1', 0))
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()
