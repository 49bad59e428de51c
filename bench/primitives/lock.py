import sys
import time
from threading import Lock


def main(pairs):
    lock = Lock()
    start = time.perf_counter()
    for _ in range(pairs):
        lock.acquire()
        lock.release()
    print((time.perf_counter() - start) * 1e3)


main(int(sys.argv[1]))
