export class ThreadPool {}
