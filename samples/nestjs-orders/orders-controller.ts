import { Body, Controller, Get, NotFoundException, Param, Post } from '@nestjs/common';
import type { Queue } from 'stepstream';
import { InjectQueue } from 'stepstream/nestjs';
import { OrderProcessor } from './order-processor.js';
import { OrderRepository } from './order-repository.js';
import type { Order } from './order.js';

@Controller('orders')
export class OrdersController {
  constructor(
    @InjectQueue(OrderProcessor) private readonly orders: Queue<Order, string>,
    private readonly done: OrderRepository,
  ) {}

  @Post() async add(@Body() order: Order): Promise<{ readonly job: string }> {
    const { id } = await this.orders.add('order', order, { jobId: order.id });
    return { job: id };
  }

  @Get() all(): readonly unknown[] {
    return this.done.all();
  }

  @Get(':id') async one(@Param('id') id: string): Promise<object> {
    const job = await this.orders.getJob(id);
    if (!job) throw new NotFoundException(`there is no order ${id}`);
    return { state: await job.getState(), result: job.returnvalue };
  }
}
