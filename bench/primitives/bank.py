import sys
import time
from threading import Lock, Thread

updates = int(sys.argv[1])
lock = Lock()
money = 0


def add_money():
    global money
    for _ in range(updates):
        if lock.acquire():
            money = money + 100
            lock.release()


def minus_money():
    global money
    for _ in range(updates):
        if lock.acquire():
            money = money - 50
            lock.release()


threads = [Thread(target=add_money), Thread(target=minus_money)]
start = time.perf_counter()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
took = time.perf_counter() - start
assert money == 50 * updates
print(took * 1e3)
